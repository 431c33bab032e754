-- umami_expected.sql: what Umami's tables mean, by their meaning alone (websites are walls; a session is whoever it later says).

INSERT INTO oracle.shown
SELECT ARRAY[oracle.name('umami_session', session_id::text, website_id::text), oracle.name('user', distinct_id, website_id::text),
	oracle.name('email', distinct_id, website_id::text)]
FROM session
UNION ALL
SELECT ARRAY[oracle.name('umami_session', session_id::text, website_id::text)] FROM website_event WHERE coalesce(event_type, 0) <> 5;

INSERT INTO oracle.expected
SELECT ARRAY[oracle.name('umami_session', e.session_id::text, e.website_id::text)], e.created_at,
	CASE WHEN e.event_type = 1 THEN 'page_view' WHEN e.event_type = 3 THEN 'link_click' WHEN e.event_type = 4 THEN 'pixel'
		WHEN e.event_type = 2 AND trim(e.event_name) <> '' THEN e.event_name WHEN e.event_type = 2 THEN 'event' END,
	'web', 'inbound', e.visit_id::text, NULL, NULL, NULL, NULL::float8, NULL::float8, NULL::float8, false,
	CASE WHEN trim(e.page_title) <> '' THEN e.page_title ELSE e.url_path END, 'umami_event', e.event_id::text, NULL::bigint,
	(SELECT coalesce(jsonb_object_agg(a.name, a.value) FILTER (WHERE a.value IS NOT NULL), '{}') FROM (VALUES ('url_path', e.url_path), ('referrer_domain', e.referrer_domain),
		('utm_source', e.utm_source), ('utm_medium', e.utm_medium), ('utm_campaign', e.utm_campaign)) a(name, value))
FROM website_event e
WHERE e.event_type IN (1, 2, 3, 4)
UNION ALL
-- a row for each event and currency of a session that there is
SELECT ARRAY[oracle.name('umami_session', s.session_id::text, s.website_id::text)], r.created_at, 'revenue', 'web', 'inbound', NULL, NULL, NULL, NULL, NULL, NULL,
	(SELECT CASE WHEN total > 1e308 AND total <> 'NaN' THEN 'Infinity'::float8 ELSE total::float8 END
		FROM (SELECT sum(x.revenue) AS total FROM revenue x WHERE x.session_id = r.session_id AND (x.event_id, x.currency) IS NOT DISTINCT FROM (r.event_id, r.currency)) t),
	false, r.event_name, 'umami_revenue', concat_ws('/', r.event_id, r.currency), NULL,
	jsonb_strip_nulls(jsonb_build_object('event', r.event_id, 'currency', r.currency))
FROM (SELECT DISTINCT session_id, event_id, currency, event_name, created_at FROM revenue) r, session s
WHERE s.session_id = r.session_id;
