/*
 * national.c
 *		Asks the optional module crm_timeline_phone about national numbers.
 *
 * The module is a library beside our own.  Where it is missing, or the library
 * that it needs, a national number is one that cannot be read: no error.
 */
#include "postgres.h"

#include <dlfcn.h>

#include "fmgr.h"

#include "identity/identity.h"
#include "identity/phone.h"
#include "identity/phone/module.h"

static const char no_module[] = "national number: to read it takes the module crm_timeline_phone";

typedef struct PhoneModule
{
	CrmPhoneRead read;
	CrmPhoneVersion version;
} PhoneModule;

/*
 * Writes the path of the module to out.  It lies where we lie, and its name is
 * ours and more, whatever a library's name ends with on this system.
 */
static bool
find_module(char out[MAXPGPATH])
{
	static const char ours[] = "crm_timeline";
	Dl_info info;
	const char *name;

	if (dladdr(no_module, &info) == 0 || info.dli_fname == NULL)
		return false;
	name = last_dir_separator(info.dli_fname);
	name = name == NULL ? info.dli_fname : name + 1;
	if (strncmp(name, ours, strlen(ours)) != 0)
		return false;
	return snprintf(out, MAXPGPATH, "%.*s%s_phone%s", (int) (name - info.dli_fname), info.dli_fname,
					ours, name + strlen(ours)) < MAXPGPATH;
}

/*
 * The module, or NULL.  What is loaded belongs to the process, and so does the
 * knowledge of it: a session asks once, and sees one answer from then on.
 */
static const PhoneModule *
phone_module(void)
{
	static PhoneModule module = {NULL, NULL};
	static bool asked = false;
	char path[MAXPGPATH];
	void *handle;

	if (!asked && find_module(path))
	{
		/* load_external_function() would raise an error for what is not to be loaded */
		handle = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
		if (handle != NULL)
		{
			module.read = (CrmPhoneRead) load_external_function(path, CRM_PHONE_READ, false, NULL);
			module.version = (CrmPhoneVersion) load_external_function(path, CRM_PHONE_VERSION,
																	  false, NULL);
			dlclose(handle);
		}
	}
	asked = true;
	return module.read == NULL || module.version == NULL ? NULL : &module;
}

const char *
read_national_number(const char *digits, uint32 count, const char *region, Size region_length,
					 char international[MAX_PHONE_DIGITS], uint32 *length)
{
	const PhoneModule *module = phone_module();
	char dialled[MAX_DIALLED_DIGITS + 1];
	char upper[3];
	char answer[CRM_PHONE_ROOM];

	*length = 0;
	if (module == NULL)
		return no_module;
	if (region_length != 2 || !isalpha((unsigned char) region[0]))
		return "national number: the region is no code of ISO 3166 with two letters";
	upper[0] = (char) pg_ascii_toupper((unsigned char) region[0]);
	upper[1] = (char) pg_ascii_toupper((unsigned char) region[1]);
	upper[2] = '\0';
	memcpy(dialled, digits, count);
	dialled[count] = '\0';
	switch (module->read(dialled, upper, answer))
	{
		case CRM_PHONE_NUMBER:
			*length = (uint32) strlen(answer);
			memcpy(international, answer, *length);
			return NULL;
		case CRM_PHONE_NO_REGION:
			return "national number: the region is no code of ISO 3166 that has telephones";
		case CRM_PHONE_INVALID:
			return "national number: the region has no such number";
		case CRM_PHONE_NO_MEMORY:
			ereport(ERROR,
					(errcode(ERRCODE_OUT_OF_MEMORY),
					 errmsg("out of memory"),
					 errdetail("Failed in the library libphonenumber.")));
			break;
		case CRM_PHONE_FAILED:
			break;
	}
	return "national number: the library libphonenumber cannot process it";
}

const char *
phone_plans_version(void)
{
	const PhoneModule *module = phone_module();

	return module == NULL ? NULL : module->version();
}
