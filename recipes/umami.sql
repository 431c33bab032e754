-- umami.sql: the tables of Umami (web analytics) as sources of crm_timeline.
--
--     psql -X -d umami -f recipes/umami.sql
--     psql -X -d umami -v tenant="'acme'" -f recipes/umami.sql
--
-- In a database that has the extension, as a role that owns Umami's tables and may use the schema crm_timeline. All or
-- nothing: it is one transaction. Run it again and it makes everything anew. It adds triggers to the tables that it reads
-- and a schema crm_umami with a view; it changes nothing of Umami's.
--
-- Who is who. A visitor is a session, and unknown. When the website tells Umami who it is (distinct_id), the session, with all
-- that happened in it before, belongs to that user, and to that e-mail address if it is one. A session is made from the
-- visitor's address and browser, so that two people can share one: this evidence has grade 30. Ask with a min_grade above 30
-- where a stranger's visits would do harm.
-- Walls. A website is a tenant: nobody is linked across websites. With -v tenant=... another expression over website_id
-- takes its place: a constant where all websites are one firm's, an empty one for no wall.
-- Clocks. Umami's times have a time zone.

\set ON_ERROR_STOP on
\if :{?tenant}
	\set wall :tenant
\else
	\set wall website_id
\endif
\o /dev/null

BEGIN;
SET LOCAL lock_timeout = '10s';
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = pg_catalog, pg_temp;

SELECT crm_timeline.drop_source(s.name)
FROM crm_timeline.source s
WHERE s.name IN ('umami_session', 'umami_event', 'umami_revenue');
CREATE SCHEMA IF NOT EXISTS crm_umami;
DROP VIEW IF EXISTS crm_umami.revenue;

SELECT crm_timeline.add_source('umami_session', 'public.session',
	occurred_at => 'created_at',
	keys => ARRAY['umami_session: session_id', 'user: distinct_id',
		$$email: CASE WHEN position('@' IN distinct_id) > 0 THEN distinct_id END$$],
	tenant => nullif(:'wall', ''), grade => 30);

-- A custom event is called what the website calls it, so that patterns can name it. Measurements of the page's speed are
-- nothing that anybody did.
SELECT crm_timeline.add_source('umami_event', 'public.website_event',
	occurred_at => 'created_at', keys => ARRAY['umami_session: session_id'],
	kind => $$CASE event_type WHEN 1 THEN 'page_view' WHEN 2 THEN coalesce(nullif(btrim(event_name), ''), 'event')
		WHEN 3 THEN 'link_click' WHEN 4 THEN 'pixel' END$$,
	channel => $$'web'$$, direction => $$'inbound'$$, thread => 'visit_id', automated => 'false',
	summary => $$coalesce(nullif(btrim(page_title), ''), url_path)$$, ref => 'event_id',
	attributes => $$jsonb_strip_nulls(jsonb_build_object('url_path', url_path, 'referrer_domain', referrer_domain,
		'utm_source', utm_source, 'utm_medium', utm_medium, 'utm_campaign', utm_campaign))$$,
	filter => 'event_type IS DISTINCT FROM 5', tenant => nullif(:'wall', ''));

-- What an event brought in, one row for an event and a currency. The website is the session's.
CREATE VIEW crm_umami.revenue WITH (security_invoker = true) AS
SELECT s.website_id, s.session_id, concat_ws('/', r.event_id, r.currency) AS ref, min(r.created_at) AS created_at,
	min(r.event_name) AS event_name, sum(r.revenue) AS revenue,
	jsonb_strip_nulls(jsonb_build_object('event', r.event_id, 'currency', r.currency)) AS attributes
FROM public.revenue r
JOIN public.session s ON s.session_id = r.session_id
GROUP BY s.website_id, s.session_id, r.event_id, r.currency;

SELECT crm_timeline.add_source('umami_revenue', 'crm_umami.revenue',
	occurred_at => 'created_at', kind => $$'revenue'$$, keys => ARRAY['umami_session: session_id'],
	channel => $$'web'$$, direction => $$'inbound'$$, value => 'revenue', automated => 'false', summary => 'event_name',
	ref => 'ref', attributes => 'attributes', tenant => nullif(:'wall', ''),
	depends_on => ARRAY['public.session: umami_session: session_id',
		format('public.revenue: (SELECT crm_timeline.identity(''umami_session'', s.session_id::text, %s) FROM public.session s WHERE s.session_id = revenue.session_id)',
			coalesce('(' || nullif(:'wall', '') || ')::text', 'NULL'))]);

COMMIT;
\o
\echo 'Umami is registered. Next, in this order:'
\echo '    CALL crm_timeline.create_suggested_indexes();   -- or without locks: SELECT statement FROM crm_timeline.suggested_indexes() WHERE NOT present \\gexec'
\echo '    CALL crm_timeline.refresh();                    -- and again every minute or so'
\echo '    SELECT * FROM crm_timeline.source_errors();     -- rows that are missing, and why'
