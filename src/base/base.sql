-- base: the schema that everything lives in.
-- The extension makes it itself, so that a schema made by somebody else
-- beforehand is an error and never captures what follows.

CREATE SCHEMA crm_timeline;
COMMENT ON SCHEMA crm_timeline IS
	'one customer, one timeline, one language to ask about it (extension crm_timeline)';
GRANT USAGE ON SCHEMA crm_timeline TO PUBLIC;
