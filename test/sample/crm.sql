-- crm.sql: a small sample CRM to play with: a Berlin shop for coffee machines, January to June 2026.
--
--     psql -X -f test/sample/crm.sql           into an empty UTF-8 database; takes about a second
--
-- Seven tables in six schemas, as firms have them: each names the customer by a key of its own and tells the time by a
-- clock of its own (tables.sql). Their rows are not noise. Every customer lives through a few stories ("the parcel does
-- not come, the ticket is not answered, the call is abandoned ..."), which stories.sql tells step by step; people.sql
-- makes the customers, happenings.sql lets the stories happen to them, ann_weber.sql adds one story written by hand,
-- and rows.sql writes down what each of the shop's systems saw of it.
--
-- The same rows come out on every machine: chance is a hash of row numbers, and nothing depends on the time of the day,
-- the plan, the locale or the time zone. All people, companies and addresses are made up; the telephone numbers are those
-- that the German network agency keeps free for films.

\set ON_ERROR_STOP on
SET client_encoding = 'UTF8';
SET client_min_messages = warning;

BEGIN;
\ir tables.sql
\ir stories.sql
\ir people.sql
\ir happenings.sql
\ir ann_weber.sql
\ir rows.sql
\ir customer_interaction.sql
DROP SCHEMA sample CASCADE;     -- the workshop; only the CRM itself remains
COMMIT;

ANALYZE;
