-- calcom_expected.sql: what Cal.com's tables mean, by their meaning alone (each attendee is a customer, by address or number; a
-- booking is made when it is made, and takes place only if it was accepted).

INSERT INTO oracle.shown
SELECT ARRAY[oracle.name('email', email), oracle.name('phone', "phoneNumber")] FROM "Attendee" WHERE "bookingId" IS NOT NULL;

INSERT INTO oracle.expected
WITH attendance AS (
	SELECT *, ARRAY[oracle.name('email', a.email), oracle.name('phone', a."phoneNumber")] AS names, b.id || '/' || a.id AS ref,
		(SELECT coalesce(jsonb_object_agg(x.name, x.value) FILTER (WHERE x.value IS NOT NULL), '{}') FROM (VALUES
			('booking', to_jsonb(b.id)),
			('starts_at', to_jsonb(CASE WHEN isfinite(b."startTime") THEN to_char(b."startTime", 'YYYY-MM-DD') || 'T' || to_char(b."startTime", 'HH24:MI:SS') || 'Z' END)),
			('ends_at', to_jsonb(CASE WHEN isfinite(b."endTime") THEN to_char(b."endTime", 'YYYY-MM-DD') || 'T' || to_char(b."endTime", 'HH24:MI:SS') || 'Z' END)),
			('rescheduled_from', to_jsonb(b."fromReschedule")),
			('cancelled_by', to_jsonb(CASE WHEN b."cancelledBy" ILIKE a.email THEN 'the attendee' WHEN b."cancelledBy" <> '' THEN 'somebody else' END)),
			('rescheduled_by', to_jsonb(CASE WHEN b."rescheduledBy" ILIKE a.email THEN 'the attendee' WHEN b."rescheduledBy" <> '' THEN 'somebody else' END)),
			('cancellation_reason', to_jsonb(b."cancellationReason")), ('time_zone', to_jsonb(a."timeZone")), ('locale', to_jsonb(a.locale))) x(name, value)) AS attributes
	FROM "Attendee" a, "Booking" b
	WHERE a."bookingId" = b.id)
SELECT names, "createdAt" AT TIME ZONE 'UTC', CASE WHEN "fromReschedule" > '' THEN 'reschedule' ELSE 'booking' END, 'web', 'inbound', uid, "userId"::text,
	CASE WHEN status = 'cancelled' AND "rescheduledBy" > '' THEN 'rescheduled' ELSE status::text END, NULL, NULL::float8, NULL::float8, NULL::float8, false, title,
	'calcom_booking', ref, NULL::bigint, attributes
FROM attendance
UNION ALL
SELECT names, "startTime" AT TIME ZONE 'UTC', 'meeting', 'meeting', NULL, uid, "userId"::text,
	CASE WHEN "noShow" THEN 'no_show' WHEN "noShowHost" THEN 'host_no_show' END, NULL, NULL, rating, NULL, false, coalesce("ratingFeedback", title),
	'calcom_meeting', ref, NULL, attributes
FROM attendance
WHERE status = 'accepted';
