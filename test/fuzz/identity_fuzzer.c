/*
 * identity_fuzzer.c
 *		Gives the rules of identities whatever comes.
 *
 * The first byte chooses the namespace, or the text form; a "|" divides a tenant
 * off.  A text that is refused is refused with a problem of a stable word.  One
 * that is accepted makes a canonical text, which fits, divides, and reads back
 * to itself; the shortcut for plain e-mail addresses gives what the whole way
 * gives; and the skeleton of ASCII is the one that ICU makes.
 *
 * ICU is not built with the memory sanitizer, which would take all of its
 * results for unwritten memory; so this target runs without that.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "identity/identity.h"
#include "identity/phone.h"

#include "shim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct Input
{
	const char *text;
	Size length;
	uint8 kind;
} Input;

/* As if there were no module. */
const char *
read_national_number(const char *digits, uint32 count, const char *region, Size region_length,
					 char international[MAX_PHONE_DIGITS], uint32 *length)
{
	for (uint32 i = 0; i < count; i++)
		if (digits[i] < '0' || digits[i] > '9')
			shim_finding("a digit of a national number is none");
	if (count == 0 || count > MAX_DIALLED_DIGITS || region_length == 0 || region == NULL)
		shim_finding("a national number of %u digits", count);
	/* now and then one that a module might give */
	*length = Min(count, MAX_PHONE_DIGITS);
	memcpy(international, digits, *length);
	return count % 2 == 0 ? NULL : "national number: there is no module here";
}

/* The input at the end of memory of its own, so that what reads on is seen. */
static const char *
copy_bytes(const char *bytes, Size length)
{
	char *copy = palloc(Max(length, 1));

	memcpy(copy, bytes, length);
	return copy;
}

static void
check_problem(const char *problem)
{
	static const char *const words[] = {
		"empty: ",           "too long: ",     "no at sign: ",
		"local part: ",      "domain: ",       "several addresses: ",
		"national number: ", "digits: ",       "letters: ",
		"extension: ",       "trunk prefix: ", "encoding: ",
		"namespace: ",       "tenant: ",       "control character: "};

	for (Size i = 0; i < lengthof(words); i++)
		if (strncmp(problem, words[i], strlen(words[i])) == 0 && problem[strlen(words[i])] != '\0')
			return;
	shim_finding("a problem of no known word: %s", problem);
}

static Text
text_of(const IdentityText *identity)
{
	Text text = {identity->bytes, identity->length};

	return text;
}

/* A canonical text has its parts, and its parts make it again. */
static void
check_identity(const IdentityText *identity)
{
	IdentityText again;
	IdentityParts parts;
	RawIdentity raw = {0};
	char tenant[MAX_TENANT_BYTES];
	const char *problem;

	if (identity->length > MAX_IDENTITY_BYTES)
		shim_finding("an identity of %u bytes", identity->length);
	if (!pg_verify_mbstr(PG_UTF8, identity->bytes, (int) identity->length, true) ||
		memchr(identity->bytes, 0, identity->length) != NULL)
		shim_finding("an identity that is not valid UTF-8");
	if (!identity_divide(text_of(identity), &parts) || parts.name.length == 0 ||
		parts.value.length == 0)
		shim_finding("identity %.*s has no parts", (int) identity->length, identity->bytes);
	problem = identity_parse(copy_bytes(identity->bytes, identity->length), identity->length,
							 &again);
	if (problem != NULL || !same_bytes(text_of(identity), text_of(&again)))
		shim_finding("identity %.*s reads back as %.*s (%s)", (int) identity->length,
					 identity->bytes, problem == NULL ? (int) again.length : 0, again.bytes,
					 problem == NULL ? "no problem" : problem);
	raw.name = parts.name.bytes;
	raw.name_length = parts.name.length;
	raw.raw = copy_bytes(parts.value.bytes, parts.value.length);
	raw.raw_length = parts.value.length;
	if (parts.tenant.length > 0)
	{
		raw.tenant = tenant;
		raw.tenant_length = unquote_tenant(parts.tenant, tenant);
	}
	problem = identity_compose(&raw, &again);
	if (problem != NULL || !same_bytes(text_of(identity), text_of(&again)))
		shim_finding("the parts of identity %.*s do not make it", (int) identity->length,
					 identity->bytes);
}

/* Skeletons end, and those of ASCII are put together as ICU does. */
static void
check_skeleton(const IdentityText *identity)
{
	static const char han[] = "\xE4\xB8\xAD"; /* looks like itself */
	Confusables *confusables = confusables_open(CurrentMemoryContext);
	IdentityParts parts;
	StringInfoData skeleton;
	StringInfoData longer;
	StringInfoData text;
	Text with_han;

	identity_divide(text_of(identity), &parts);
	initStringInfo(&skeleton);
	append_identity_skeleton(confusables, &parts, &skeleton);
	if (!is_ascii(parts.value))
		return;
	initStringInfo(&text);
	appendBinaryStringInfo(&text, parts.value.bytes, (int) parts.value.length);
	appendBinaryStringInfo(&text, han, (int) strlen(han));
	with_han.bytes = text.data;
	with_han.length = (uint32) text.len;
	initStringInfo(&longer);
	append_confusable_skeleton(confusables, with_han, &longer);
	resetStringInfo(&skeleton);
	append_confusable_skeleton(confusables, parts.value, &skeleton);
	if (longer.len != skeleton.len + (int) strlen(han) ||
		memcmp(longer.data, skeleton.data, (Size) skeleton.len) != 0)
		shim_finding("the skeleton of %.*s is %s, by ICU %s", (int) parts.value.length,
					 parts.value.bytes, skeleton.data, longer.data);
}

/* The shortcut and the whole way. */
static void
compare_ways(const char *raw, Size length)
{
	IdentityText fast;
	IdentityText whole;
	const char *fast_problem;
	const char *whole_problem;

	fast.length = whole.length = 0;
	fast_problem = append_email(raw, length, &fast);
	whole_problem = append_any_email(raw, length, &whole);
	if (fast_problem != whole_problem ||
		(fast_problem == NULL && !same_bytes(text_of(&fast), text_of(&whole))))
		shim_finding("e-mail %.*s is %.*s by the shortcut and %.*s without", (int) length, raw,
					 (int) fast.length, fast.bytes, (int) whole.length, whole.bytes);
}

static void
read_identity(void *argument)
{
	static const char *const names[] = {"email", "phone", "handle", "Crm.Id-2_"};
	const Input *input = argument;
	const char *bar = memchr(input->text, '|', input->length);
	IdentityText identity;
	RawIdentity raw = {0};
	const char *problem;

	if (input->kind % 8 >= lengthof(names))
		problem = identity_parse(copy_bytes(input->text, input->length), input->length, &identity);
	else
	{
		Size tenant = bar == NULL ? 0 : (Size) (bar - input->text) + 1;

		raw.name = names[input->kind % 8];
		raw.name_length = strlen(raw.name);
		raw.raw = copy_bytes(input->text + tenant, input->length - tenant);
		raw.raw_length = input->length - tenant;
		if (bar != NULL)
		{
			raw.tenant = copy_bytes(input->text, tenant - 1);
			raw.tenant_length = tenant - 1;
		}
		if ((input->kind & 0x40) != 0)
		{
			raw.region = "DE";
			raw.region_length = 2;
		}
		problem = identity_compose(&raw, &identity);
		if (input->kind % 8 == 0)
			compare_ways(raw.raw, raw.raw_length);
	}
	if (problem != NULL)
	{
		check_problem(problem);
		return;
	}
	/* a number that only our stand-in for the module makes need not be one of E.164's */
	check_identity(&identity);
	check_skeleton(&identity);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Input input;

	if (size == 0)
		return 0;
	input.kind = data[0];
	input.text = (const char *) data + 1;
	input.length = size - 1;
	shim_begin();
	if (shim_try(read_identity, &input) != SHIM_DONE)
		shim_finding("making an identity: %s", shim_message());
	shim_end();
	return 0;
}
