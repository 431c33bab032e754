-- views: what people read.
-- The functions are STABLE: words, numerals and plurals come with ICU, so a newer one may say
-- the same in another way, and nothing that is kept, such as an index, may depend on them.

CREATE FUNCTION crm_timeline.briefing_text(context jsonb, locale text) RETURNS text
	AS 'MODULE_PATHNAME', 'briefing_text' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION crm_timeline.briefing_text(jsonb, text) IS
	'what somebody who answers a customer should know, in their language: a line for each thing that the context has';

CREATE FUNCTION crm_timeline.relative_time(at timestamptz, as_of timestamptz, locale text) RETURNS text
	AS 'MODULE_PATHNAME', 'relative_time' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION crm_timeline.relative_time(timestamptz, timestamptz, text) IS
	'a time as somebody at another time speaks of it, such as "3 days ago", in the language of a locale; NULL if either is infinite';

CREATE FUNCTION crm_timeline.list_text(items text[], locale text) RETURNS text
	AS 'MODULE_PATHNAME', 'list_text' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION crm_timeline.list_text(text[], text) IS
	'texts as a list, such as "a, b, and c", in the language of a locale; NULLs are left out';
