# What the tests of the store under load share: SQL that compares its views with the sources.
package Store;
use strict;
use warnings;
use Exporter 'import';
our @EXPORT = qw(comparison small_limits);

# Functions in the schema check: difference(), in one snapshot; faults(), what verify() says.
sub comparison
{
	return <<'SQL';
CREATE SCHEMA "check";
CREATE FUNCTION "check".difference() RETURNS text LANGUAGE plpgsql STABLE SET search_path = pg_catalog, crm_timeline, pg_temp AS $$
BEGIN RETURN (
	WITH truth AS MATERIALIZED (
		SELECT i.customer_id, crm_timeline.store_agg(i.occurred_at, i.kind, i.channel, i.direction, i.thread, i.agent, i.outcome, i.topic, i.sentiment,
			i.score, i.value, i.automated, i.source, i.ref, i.seq, i.attributes) AS timeline
		FROM crm_timeline.interactions i GROUP BY i.customer_id),
	shown AS MATERIALIZED (SELECT * FROM crm_timeline.timelines),
	summary AS MATERIALIZED (SELECT * FROM crm_timeline.customer_summary)
	SELECT concat_ws('; ',
		(SELECT 'timelines: ' || string_agg(coalesce(t.customer_id, s.customer_id)::text, ' ') FROM truth t FULL JOIN shown s ON s.customer_id = t.customer_id
			WHERE t.timeline IS DISTINCT FROM s.timeline),
		(SELECT 'timeline_of: ' || string_agg(t.customer_id::text, ' ') FROM truth t WHERE t.timeline IS DISTINCT FROM crm_timeline.timeline_of(t.customer_id)),
		(SELECT 'summary: ' || string_agg(coalesce(t.customer_id, s.customer_id)::text, ' ') FROM truth t FULL JOIN summary s ON s.customer_id = t.customer_id
			WHERE (SELECT y::text FROM crm_timeline.timeline_summary(t.timeline) y) IS DISTINCT FROM ROW(s.interactions, s.first_at, s.last_at,
				s.last_inbound_at, s.last_outbound_at, s.last_kind, s.last_channel, s.last_outcome, s.last_sentiment, s.last_score)::text),
		(SELECT 'waiting_since: ' || string_agg(t.customer_id::text, ' ') FROM truth t JOIN summary s ON s.customer_id = t.customer_id
			WHERE s.waiting_since IS DISTINCT FROM crm_timeline.waiting_since(t.timeline)),
		(SELECT 'waiting: ' || string_agg(coalesce(t.customer_id, w.customer_id)::text, ' ')
			FROM (SELECT * FROM truth WHERE crm_timeline.waiting_since(timeline) IS NOT NULL) t
				FULL JOIN (SELECT * FROM crm_timeline.waiting_timelines) w ON w.customer_id = t.customer_id
			WHERE (t.timeline, crm_timeline.waiting_since(t.timeline)) IS DISTINCT FROM (w.timeline, w.waiting_since))));
END $$;
CREATE FUNCTION "check".faults() RETURNS text LANGUAGE sql AS $$ SELECT string_agg(v::text, '; ') FROM crm_timeline.verify() v $$;
SQL
}

# Limits that make a customer of some hundred interactions one in segments.
sub small_limits
{
	my ($stored, $segment) = @_;
	return <<"SQL";
CREATE OR REPLACE FUNCTION crm_timeline.max_stored_bytes() RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE BEGIN ATOMIC SELECT $stored; END;
CREATE OR REPLACE FUNCTION crm_timeline.max_segment_bytes() RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE BEGIN ATOMIC SELECT $segment; END;
SQL
}

1;
