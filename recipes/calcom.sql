-- calcom.sql: the tables of Cal.com (bookings) as sources of crm_timeline.
--
--     psql -X -d calcom -f recipes/calcom.sql
--     psql -X -d calcom -v tenant="'acme'" -f recipes/calcom.sql
--
-- In a database that has the extension, as a role that owns Cal.com's tables and may use the schema crm_timeline. All or
-- nothing: it is one transaction. Run it again and it makes everything anew. It adds triggers to the tables that it reads
-- and a schema crm_calcom with a view; it changes nothing of Cal.com's.
--
-- Who is who. Cal.com knows no customers: an attendee is an e-mail address, perhaps with a telephone number. A booking with
-- several attendees is one booking of several customers: each has a row of the view, and the booking's number is in its ref.
-- What happens. A booking is made at one time ("createdAt") and takes place at another one ("startTime"): two interactions.
-- The second may lie in the future; ask for interactions up to now() where that is not wanted. When a booking was cancelled
-- is not written down, so it is the outcome of its making, and it does not take place.
-- Walls. None. With -v tenant=... an expression gives one; a constant, since the tables share no column.
-- Clocks. Cal.com's times are UTC in columns without a time zone.

\set ON_ERROR_STOP on
\if :{?tenant}
	\set wall :tenant
\else
	\set wall ''
\endif
\o /dev/null

BEGIN;
SET LOCAL lock_timeout = '10s';
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = pg_catalog, pg_temp;

SELECT crm_timeline.drop_source(s.name)
FROM crm_timeline.source s
WHERE s.name IN ('calcom_booking', 'calcom_meeting');
CREATE SCHEMA IF NOT EXISTS crm_calcom;
DROP VIEW IF EXISTS crm_calcom.attendance;

CREATE VIEW crm_calcom.attendance WITH (security_invoker = true) AS
SELECT b.id || '/' || a.id AS ref, a.email, a."phoneNumber" AS phone_number, b.uid, b."userId" AS host, b.title,
	b."createdAt" AS created_at, b."startTime" AS starts_at, b.status::text AS status, b."fromReschedule" AS from_reschedule,
	b.rating, b."ratingFeedback" AS rating_feedback,
	CASE WHEN b.status::text = 'cancelled' AND b."rescheduledBy" IS NOT NULL THEN 'rescheduled' ELSE b.status::text END AS outcome,
	CASE WHEN a."noShow" THEN 'no_show' WHEN b."noShowHost" THEN 'host_no_show' END AS attended,
	jsonb_strip_nulls(jsonb_build_object('booking', b.id, 'starts_at', to_char(b."startTime", 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
		'ends_at', to_char(b."endTime", 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'rescheduled_from', b."fromReschedule",
		-- by whom, without the addresses of others
		'cancelled_by', CASE WHEN lower(b."cancelledBy") = lower(a.email) THEN 'the attendee' WHEN b."cancelledBy" IS NOT NULL THEN 'somebody else' END,
		'rescheduled_by', CASE WHEN lower(b."rescheduledBy") = lower(a.email) THEN 'the attendee' WHEN b."rescheduledBy" IS NOT NULL THEN 'somebody else' END,
		'cancellation_reason', b."cancellationReason", 'time_zone', a."timeZone", 'locale', a.locale)) AS attributes
FROM public."Booking" b
JOIN public."Attendee" a ON a."bookingId" = b.id;

-- Attendees are about themselves, a booking is about all of its attendees.
SELECT format('public."Booking": ARRAY(SELECT crm_timeline.identity(k.namespace, k.raw, %s)
		FROM public."Attendee" a CROSS JOIN LATERAL (VALUES (''email'', a.email), (''phone'', a."phoneNumber")) k(namespace, raw)
		WHERE a."bookingId" = "Booking".id)',
	coalesce('(' || nullif(:'wall', '') || ')::text', 'NULL')) AS booking_named \gset

SELECT crm_timeline.add_source('calcom_booking', 'crm_calcom.attendance',
	occurred_at => $$created_at AT TIME ZONE 'UTC'$$, keys => ARRAY['email: email', 'phone: phone_number'],
	kind => $$CASE WHEN from_reschedule IS NULL THEN 'booking' ELSE 'reschedule' END$$, channel => $$'web'$$,
	direction => $$'inbound'$$, thread => 'uid', agent => 'host', outcome => 'outcome', automated => 'false', summary => 'title',
	ref => 'ref', attributes => 'attributes', tenant => nullif(:'wall', ''),
	depends_on => ARRAY['public."Attendee": email: email', 'public."Attendee": phone: "phoneNumber"', :'booking_named']);

-- A meeting is nobody's turn, so it has no direction.
SELECT crm_timeline.add_source('calcom_meeting', 'crm_calcom.attendance',
	occurred_at => $$starts_at AT TIME ZONE 'UTC'$$, keys => ARRAY['email: email', 'phone: phone_number'],
	kind => $$'meeting'$$, channel => $$'meeting'$$, thread => 'uid', agent => 'host', outcome => 'attended', score => 'rating',
	automated => 'false', summary => 'coalesce(rating_feedback, title)', ref => 'ref', attributes => 'attributes',
	filter => $$status = 'accepted'$$, tenant => nullif(:'wall', ''),
	depends_on => ARRAY['public."Attendee": email: email', 'public."Attendee": phone: "phoneNumber"', :'booking_named']);

COMMIT;
\o
\echo 'Cal.com is registered. Next, in this order:'
\echo '    CALL crm_timeline.create_suggested_indexes();   -- or without locks: SELECT statement FROM crm_timeline.suggested_indexes() WHERE NOT present \\gexec'
\echo '    CALL crm_timeline.refresh();                    -- and again every minute or so'
\echo '    SELECT * FROM crm_timeline.source_errors();     -- rows that are missing, and why'
