/*
 * settings.h
 *		How the literals of a source's expressions are read.
 */
#ifndef CRM_SETTINGS_H
#define CRM_SETTINGS_H

/*
 * Makes literals mean the same whatever the session's settings say, up to the end
 * of the innermost nest level of settings: that of a function with a SET clause.
 * Functions in SQL that run a source's expressions say the same in their SET clauses.
 */
extern void fix_settings(void);

#endif /* CRM_SETTINGS_H */
