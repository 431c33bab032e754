-- Some customers with something of everything, around now, and a role that may read the views and no more.
CREATE EXTENSION crm_timeline;
CREATE SCHEMA desk;
CREATE TABLE desk.event (id int PRIMARY KEY, email text NOT NULL, at timestamptz NOT NULL, kind text NOT NULL, direction text, channel text, ticket text,
	agent text, outcome text, topic text, mood float8, score float8, value float8, extra jsonb);
-- no two at one time; names, numbers and words of every sort
INSERT INTO desk.event
SELECT n, format('p%s@example.com', n % 60), now() - (n * 7919 % 100000) * interval '97.000001 s' - interval '1 h', k.kind, k.direction,
	(ARRAY['email', 'chat', 'phone', NULL, 'Größe "x", y'])[1 + n / 7 % 5], CASE WHEN n % 3 > 0 THEN format('T%s', n % 120) END,
	CASE WHEN k.direction = 'outbound' THEN (ARRAY['Ann', 'Bo O''Neill', 'Чехов', '山田'])[1 + n / 5 % 4] END, CASE WHEN n % 31 = 0 THEN 'failed' END,
	(ARRAY['bill', NULL, E'tab\tand\\', 'parcel'])[1 + n / 11 % 4], CASE WHEN n % 4 = 0 THEN (n * 31 % 21 - 10) / 10.0 END, CASE k.kind WHEN 'nps' THEN n / 16 % 11 WHEN 'csat' THEN 1 + n / 16 % 5 WHEN 'ces' THEN 1 + n / 16 % 7 END,
	CASE WHEN k.kind = 'order' THEN n / 3.0 END, CASE WHEN k.direction = 'outbound' THEN jsonb_build_object('team', (ARRAY['first', 'second'])[1 + n / 5 % 2]) END
FROM generate_series(1, 1500) n
	JOIN LATERAL (SELECT * FROM (VALUES (0, 'message', 'inbound'), (1, 'reply', 'outbound'), (2, 'message', 'inbound'), (3, 'complaint', 'inbound'), (4, 'reply', 'outbound'),
		(5, 'solved', 'outbound'), (6, 'csat', 'inbound'), (7, 'nps', 'inbound'), (8, 'ces', 'inbound'), (9, 'offer', 'outbound'), (10, 'order', 'inbound'), (11, 'cart', 'inbound'),
		(12, 'error', NULL), (13, 'refund', 'outbound'), (14, 'reopened', 'inbound'), (15, 'transfer', 'outbound')) v(m, kind, direction) WHERE v.m = n * 11 / 7 % 16) k ON true;
SELECT crm_timeline.add_source('desk', 'desk.event', occurred_at => 'at', kind => 'kind', keys => ARRAY['email: email'], channel => 'channel', direction => 'direction',
	thread => 'ticket', agent => 'agent', outcome => 'outcome', topic => 'topic', sentiment => 'mood', score => 'score', value => 'value', ref => 'id', attributes => 'extra');
CALL crm_timeline.create_suggested_indexes();
CALL crm_timeline.refresh();
-- one whom no refresh has seen: a negative number
INSERT INTO desk.event (id, email, at, kind, direction, channel) VALUES (9000, 'new@example.com', now() - interval '2 h', 'message', 'inbound', 'chat');
CREATE ROLE analyst LOGIN;
GRANT USAGE ON SCHEMA desk TO analyst;
GRANT SELECT ON desk.event TO analyst;
SELECT crm_timeline.grant_read('analyst', 'timelines');
