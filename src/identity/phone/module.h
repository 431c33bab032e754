/*
 * module.h
 *		What the optional module crm_timeline_phone offers.
 *
 * It is plain C, so that neither side sees the headers of the other: those of
 * PostgreSQL and those of libphonenumber have no place for one another.
 */
#ifndef CRM_PHONE_MODULE_H
#define CRM_PHONE_MODULE_H

#ifdef __cplusplus
extern "C"
{
#endif

/* digits of an international number, and the NUL behind them */
#define CRM_PHONE_ROOM 16

	typedef enum CrmPhoneAnswer
	{
		CRM_PHONE_NUMBER,
		CRM_PHONE_NO_REGION, /* nobody has that region */
		CRM_PHONE_INVALID,   /* it is no number of that region */
		CRM_PHONE_NO_MEMORY,
		CRM_PHONE_FAILED,
	} CrmPhoneAnswer;

	/* Reads digits as they are dialled within a region, two upper letters; never throws. */
	typedef CrmPhoneAnswer (*CrmPhoneRead)(const char *digits, const char *region,
										   char international[CRM_PHONE_ROOM]);

	/* The version of the library that runs. */
	typedef const char *(*CrmPhoneVersion)(void);

#define CRM_PHONE_READ "crm_timeline_phone_read"
#define CRM_PHONE_VERSION "crm_timeline_phone_version"

#ifdef __cplusplus
}
#endif

#endif /* CRM_PHONE_MODULE_H */
