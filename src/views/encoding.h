/*
 * encoding.h
 *		Between the encoding of the database and UTF-8, without an error for any text.
 */
#ifndef CRM_ENCODING_H
#define CRM_ENCODING_H

/*
 * The text in UTF-8, "?" where a character has no equivalent; the text itself in
 * a database that has UTF8, or SQL_ASCII, which says nothing of its bytes.
 */
extern char *server_to_utf8(char *text, int *length);

/* A text of ours in the encoding of the database, "?" for what that lacks. */
extern char *utf8_to_server(char *text, int *length);

#endif /* CRM_ENCODING_H */
