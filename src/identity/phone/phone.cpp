/*
 * phone.cpp
 *		National telephone numbers, by libphonenumber.
 *
 * The only file that knows libphonenumber, and the only one in C++.  No exception
 * leaves it, and the library says nothing on the server's standard output.
 */
#include <dlfcn.h>

#include <cstring>
#include <new>
#include <string>

#include <phonenumbers/logger.h>
#include <phonenumbers/phonenumber.pb.h>
#include <phonenumbers/phonenumberutil.h>

#include "identity/phone/module.h"

using i18n::phonenumbers::NullLogger;
using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

#define EXPORTED extern "C" __attribute__((visibility("default")))

EXPORTED CrmPhoneAnswer crm_timeline_phone_read(const char *digits, const char *region,
												char international[CRM_PHONE_ROOM]);
EXPORTED const char *crm_timeline_phone_version();

/* The library, silent. */
static PhoneNumberUtil *
library()
{
	static PhoneNumberUtil *const instance = [] {
		PhoneNumberUtil *made = PhoneNumberUtil::GetInstance();

		made->SetLogger(new NullLogger());
		return made;
	}();

	return instance;
}

CrmPhoneAnswer
crm_timeline_phone_read(const char *digits, const char *region, char international[CRM_PHONE_ROOM])
{
	try
	{
		PhoneNumber number;
		std::string text;

		if (library()->GetCountryCodeForRegion(region) == 0)
			return CRM_PHONE_NO_REGION;
		if (library()->Parse(digits, region, &number) != PhoneNumberUtil::NO_PARSING_ERROR ||
			!library()->IsValidNumber(number))
			return CRM_PHONE_INVALID;
		library()->Format(number, PhoneNumberUtil::E164, &text);
		if (text.size() < 2 || text[0] != '+' || text.size() > CRM_PHONE_ROOM ||
			text.find_first_not_of("0123456789", 1) != std::string::npos)
			return CRM_PHONE_INVALID;
		memcpy(international, text.c_str() + 1, text.size());
		return CRM_PHONE_NUMBER;
	}
	catch (const std::bad_alloc &)
	{
		return CRM_PHONE_NO_MEMORY;
	}
	catch (...)
	{
		return CRM_PHONE_FAILED;
	}
}

/*
 * What follows ".so." in the name of the file that was loaded: the library has no
 * function that tells.
 */
const char *
crm_timeline_phone_version()
{
	static char version[32];
	Dl_info info;

	try
	{
		const void *place = *reinterpret_cast<void *const *>(library());

		if (dladdr(place, &info) != 0 && info.dli_fname != nullptr)
		{
			char path[4096];
			std::string name = realpath(info.dli_fname, path) != nullptr ? path : info.dli_fname;
			std::string::size_type so = name.rfind(".so.");

			if (so != std::string::npos)
			{
				strncpy(version, name.c_str() + so + 4, sizeof(version) - 1);
				return version;
			}
		}
	}
	catch (...)
	{
	}
	return "unknown";
}
