/*
 * phone.h
 *		What is asked about national telephone numbers.
 */
#ifndef CRM_PHONE_H
#define CRM_PHONE_H

/* digits of an international number (ITU-T E.164, 6.2.1) */
#define MAX_PHONE_DIGITS 15

/* of a number that is dialled from within a country, with its prefixes */
#define MAX_DIALLED_DIGITS 32

/*
 * The international number, without its +, of digits that are dialled within a
 * region; else the problem.
 */
extern const char *read_national_number(const char *digits, uint32 count, const char *region,
										Size region_length, char international[MAX_PHONE_DIGITS],
										uint32 *length);

/* The version of the plans of numbers; NULL without the module. */
extern const char *phone_plans_version(void);

#endif /* CRM_PHONE_H */
