/*
 * validate.h
 *		Bytes from outside: are they the one form of a timeline?
 */
#ifndef CRM_VALIDATE_H
#define CRM_VALIDATE_H

extern void timeline_validate(const void *bytes, Size length);

#endif /* CRM_VALIDATE_H */
