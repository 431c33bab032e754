/*
 * phone.h
 *		What the optional module crm_timeline_phone is asked.
 */
#ifndef CRM_PHONE_H
#define CRM_PHONE_H

/*
 * The international number, without its +, of digits that are dialled within a
 * region; else the problem.
 */
extern const char *read_national_number(const char *digits, uint32 count, const char *region,
										Size region_length, char international[15], uint32 *length);

/* The version of the plans of numbers; NULL without the module. */
extern const char *phone_plans_version(void);

#endif /* CRM_PHONE_H */
