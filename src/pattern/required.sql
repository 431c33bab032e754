
-- required: what any match needs, which is what an index on timelines looks for.

CREATE FUNCTION crm_timeline.required_interactions(p crm_timeline.pattern) RETURNS text
	AS 'MODULE_PATHNAME', 'required_interactions' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.required_interactions(crm_timeline.pattern) IS
	'the interactions that every match needs, joined by & and |; any where none is certain';
