-- chatwoot.sql: the tables of Chatwoot (support by chat, e-mail, SMS, WhatsApp and voice) as sources of crm_timeline.
--
--     psql -X -d chatwoot_production -f recipes/chatwoot.sql
--     psql -X -d chatwoot_production -v tenant="'acme'" -f recipes/chatwoot.sql
--
-- In a database that has the extension, as a role that owns Chatwoot's tables and may use the schema crm_timeline. All or
-- nothing: it is one transaction. Run it again and it makes everything anew. It adds triggers to the tables that it reads
-- and a schema crm_chatwoot with views; it changes nothing of Chatwoot's.
--
-- Who is who. A contact is known by its number, by what the firm's own application calls it (identifier), by e-mail address
-- and by telephone number, and on each channel by an address of that channel (contact_inboxes.source_id). Where the
-- application signed the visitor's identifier (hmac_verified), that is a proof: grade 95 instead of 50.
-- Walls. An account is a tenant: nobody is linked across accounts. With -v tenant=... another expression over account_id
-- takes its place: a constant where all accounts are one firm's, an empty one for no wall.
-- Clocks. Chatwoot's times are UTC in columns without a time zone.
-- What became of a conversation (resolved, reopened, handed over by a bot) stands in reporting_events, opening hours in
-- working_hours. A database that has no such table does without, until the recipe is run again.

\set ON_ERROR_STOP on
\if :{?tenant}
	\set wall :tenant
\else
	\set wall account_id
\endif
\o /dev/null

BEGIN;
SET LOCAL lock_timeout = '10s';
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = pg_catalog, pg_temp;

SELECT crm_timeline.drop_source(s.name)
FROM crm_timeline.source s
WHERE s.name IN ('chatwoot_contact', 'chatwoot_inbox', 'chatwoot_inbox_verified', 'chatwoot_message', 'chatwoot_csat',
	'chatwoot_event', 'chatwoot_note', 'chatwoot_campaign', 'chatwoot_campaign_read');
CREATE SCHEMA IF NOT EXISTS crm_chatwoot;
DROP VIEW IF EXISTS crm_chatwoot.contact_inbox, crm_chatwoot.message, crm_chatwoot.event, crm_chatwoot.inbox, crm_chatwoot.opening_hours,
	crm_chatwoot.csat, crm_chatwoot.note, crm_chatwoot.campaign;

SELECT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = to_regclass('public.reporting_events') AND a.attname = 'event_end_time') AS has_events,
	to_regclass('public.working_hours') IS NOT NULL AS has_hours \gset

-- What tells the rows of a table apart that no view names: its primary key.
SELECT coalesce(crm_timeline.primary_key_sql('chatwoot_csat', 'public.csat_survey_responses'), 'no_primary_key') AS csat_key,
	coalesce(crm_timeline.primary_key_sql('chatwoot_note', 'public.notes'), 'no_primary_key') AS note_key,
	coalesce(crm_timeline.primary_key_sql('chatwoot_campaign', 'public.campaign_messages'), 'no_primary_key') AS campaign_key \gset

-- What rows of tables without an account are about: the contact that they name, behind the wall of its account.
SELECT format('(SELECT crm_timeline.identity(''chatwoot_contact'', c.id::text, %s) FROM public.contacts c WHERE c.id = contact_id)',
		coalesce('(' || nullif(:'wall', '') || ')::text', 'NULL')) AS contact_named \gset


-- Identities: rows that are no interactions, and say who is who.

SELECT crm_timeline.add_source('chatwoot_contact', 'public.contacts',
	occurred_at => $$created_at AT TIME ZONE 'UTC'$$,
	keys => ARRAY['chatwoot_contact: id', 'user: identifier', 'email: email', 'phone: phone_number'],
	tenant => nullif(:'wall', ''), grade => 50);

-- A contact's address on a channel; the account is the contact's. That it depends on the contact, too, brings the index of
-- contacts by which all the views below find one customer's rows.
CREATE VIEW crm_chatwoot.contact_inbox WITH (security_invoker = true) AS
SELECT c.account_id, c.id AS contact_id, c.identifier, c.created_at, coalesce(i.hmac_verified, false) AS verified,
	i.inbox_id || '/' || nullif(btrim(i.source_id), '') AS address
FROM public.contact_inboxes i
JOIN public.contacts c ON c.id = i.contact_id;

SELECT crm_timeline.add_source('chatwoot_inbox', 'crm_chatwoot.contact_inbox',
	occurred_at => $$created_at AT TIME ZONE 'UTC'$$,
	keys => ARRAY['chatwoot_contact: contact_id', 'chatwoot_address: address'],
	filter => 'NOT verified', tenant => nullif(:'wall', ''), grade => 50,
	depends_on => ARRAY['public.contacts: chatwoot_contact: id', 'public.contact_inboxes: ' || :'contact_named']);

SELECT crm_timeline.add_source('chatwoot_inbox_verified', 'crm_chatwoot.contact_inbox',
	occurred_at => $$created_at AT TIME ZONE 'UTC'$$,
	keys => ARRAY['chatwoot_contact: contact_id', 'chatwoot_address: address', 'user: identifier'],
	filter => 'verified', tenant => nullif(:'wall', ''), grade => 95,
	depends_on => ARRAY['public.contacts: chatwoot_contact: id', 'public.contact_inboxes: ' || :'contact_named']);


-- Messages. Whose they are is said by their conversation, so the key and the account are the conversation's: when it is
-- moved to another contact, or two contacts are merged, its messages go with it at once.

CREATE VIEW crm_chatwoot.inbox WITH (security_invoker = true) AS
SELECT i.id, i.account_id, i.name,
	CASE i.channel_type WHEN 'Channel::WebWidget' THEN 'chat' WHEN 'Channel::TwilioSms' THEN 'sms' WHEN 'Channel::Voice' THEN 'phone'
		WHEN 'Channel::FacebookPage' THEN 'facebook' WHEN 'Channel::TwitterProfile' THEN 'twitter'
		ELSE lower(replace(i.channel_type, 'Channel::', '') COLLATE "C") END AS channel
FROM public.inboxes i;

CREATE VIEW crm_chatwoot.message WITH (security_invoker = true) AS
SELECT m.id, c.account_id, c.contact_id, m.created_at, 'conversation-' || c.id AS thread, m.content,
	CASE WHEN m.private THEN 'note'
		WHEN m.message_type = 0 THEN 'message'
		WHEN m.message_type = 2 THEN 'activity'
		WHEN m.message_type = 3 OR (m.message_type = 1 AND m.sender_type = 'AgentBot') THEN 'auto_reply'
		WHEN m.message_type = 1 THEN 'reply' END AS kind,
	CASE WHEN m.private OR m.message_type = 2 THEN 'internal'
		WHEN m.message_type = 0 THEN 'inbound'
		WHEN m.message_type IN (1, 3) THEN 'outbound' END AS direction,
	-- a status says how it fared with the customer: notes and activities do not get there
	CASE WHEN m.message_type IN (1, 3) AND m.private IS NOT TRUE
		THEN CASE m.status WHEN 0 THEN 'sent' WHEN 1 THEN 'delivered' WHEN 2 THEN 'read' WHEN 3 THEN 'failed' END END AS outcome,
	CASE WHEN m.sender_type = 'User' THEN m.sender_id END AS agent,
	m.message_type IN (2, 3) OR m.sender_type IS NOT DISTINCT FROM 'AgentBot' AS automated, i.channel,
	jsonb_strip_nulls(jsonb_build_object('inbox', i.name, 'team', c.team_id, 'priority', c.priority,
		'conversation_status', CASE c.status WHEN 0 THEN 'open' WHEN 1 THEN 'resolved' WHEN 2 THEN 'pending' WHEN 3 THEN 'snoozed' END,
		'measured_sentiment', nullif(m.sentiment, '{}'))) AS attributes
FROM public.messages m
JOIN public.conversations c ON c.id = m.conversation_id
LEFT JOIN crm_chatwoot.inbox i ON i.id = m.inbox_id;

SELECT crm_timeline.add_source('chatwoot_message', 'crm_chatwoot.message',
	occurred_at => $$created_at AT TIME ZONE 'UTC'$$, kind => 'kind', keys => ARRAY['chatwoot_contact: contact_id'],
	channel => 'channel', direction => 'direction', thread => 'thread', agent => 'agent', outcome => 'outcome',
	automated => 'automated', summary => 'content', ref => 'id', seq => 'id', attributes => 'attributes',
	tenant => nullif(:'wall', ''),
	depends_on => ARRAY['public.conversations: chatwoot_contact: contact_id',
		'public.messages: chatwoot_contact: (SELECT c.contact_id FROM public.conversations c WHERE c.id = messages.conversation_id)']);


-- What became of a conversation. reporting_events is a table of figures, written when something happened; only the rows that
-- tell of something that no message tells are taken: a resolution, a handover by a bot, a reopening. A figure of a reply is told
-- by the reply, and conversation_bot_resolved by the conversation_resolved beside it, which is then automated.
-- It happened at event_end_time, to which the figure was measured; created_at is when a job wrote the row, and stands in where
-- rows of old have no other. Chatwoot writes conversation_opened whenever a conversation becomes open: it is a reopening where what
-- came last before it was a resolution. Nobody speaks to the customer by any of these: internal.
\if :has_events
CREATE VIEW crm_chatwoot.event WITH (security_invoker = true) AS
SELECT e.id, c.account_id, c.contact_id, coalesce(e.event_end_time, e.created_at) AS happened_at, 'conversation-' || c.id AS thread,
	CASE e.name WHEN 'conversation_resolved' THEN 'resolved' WHEN 'conversation_bot_handoff' THEN 'handoff' ELSE 'reopened' END AS kind,
	e.user_id AS agent, i.channel,
	CASE WHEN e.name = 'conversation_bot_handoff' THEN true
		WHEN e.name = 'conversation_resolved' AND EXISTS (SELECT FROM public.reporting_events b
			WHERE b.conversation_id = e.conversation_id AND b.name = 'conversation_bot_resolved' AND b.event_end_time = e.event_end_time) THEN true
		END AS automated,
	jsonb_strip_nulls(jsonb_build_object('inbox', i.name, 'team', c.team_id)) AS attributes
FROM public.reporting_events e
JOIN public.conversations c ON c.id = e.conversation_id
LEFT JOIN crm_chatwoot.inbox i ON i.id = c.inbox_id
WHERE e.name IN ('conversation_resolved', 'conversation_bot_handoff')
	OR e.name = 'conversation_opened' AND 'conversation_resolved' = (SELECT b.name FROM public.reporting_events b
		WHERE b.conversation_id = e.conversation_id AND b.name IN ('conversation_resolved', 'conversation_opened')
			AND (coalesce(b.event_end_time, b.created_at), b.id) < (coalesce(e.event_end_time, e.created_at), e.id)
		ORDER BY coalesce(b.event_end_time, b.created_at) DESC, b.id DESC LIMIT 1);

SELECT crm_timeline.add_source('chatwoot_event', 'crm_chatwoot.event',
	occurred_at => $$happened_at AT TIME ZONE 'UTC'$$, kind => 'kind', keys => ARRAY['chatwoot_contact: contact_id'],
	channel => 'channel', direction => $$'internal'$$, thread => 'thread', agent => 'agent', automated => 'automated',
	ref => 'id', seq => 'id', attributes => 'attributes', tenant => nullif(:'wall', ''),
	depends_on => ARRAY['public.conversations: chatwoot_contact: contact_id',
		'public.reporting_events: chatwoot_contact: (SELECT c.contact_id FROM public.conversations c WHERE c.id = reporting_events.conversation_id)']);
\endif

-- Opening hours: what business_time() and crm_timeline.schedule_definition take. NULL where an inbox does not use its hours. A day
-- without a row is closed, one that is open all day has all of its hours; hours that end before they begin end on the next day.
\if :has_hours
CREATE VIEW crm_chatwoot.opening_hours WITH (security_invoker = true) AS
SELECT i.account_id, i.id AS inbox_id, x.channel,
	CASE WHEN i.working_hours_enabled
		THEN (coalesce(nullif(btrim(i.timezone), ''), 'UTC') || ' ' || coalesce(w.week, 'closed'))::crm_timeline.schedule END AS hours
FROM public.inboxes i
JOIN crm_chatwoot.inbox x ON x.id = i.id
CROSS JOIN LATERAL (SELECT string_agg((ARRAY['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'])[h.day_of_week + 1] || ' '
		|| CASE WHEN h.closed_all_day THEN 'closed' WHEN h.open_all_day THEN '00:00-24:00'
			ELSE lpad(h.open_hour::text, 2, '0') || ':' || lpad(h.open_minutes::text, 2, '0') || '-'
				|| lpad(h.close_hour::text, 2, '0') || ':' || lpad(h.close_minutes::text, 2, '0') END,
		', ' ORDER BY h.day_of_week) AS week
	FROM public.working_hours h
	WHERE h.inbox_id = i.id) w;
\endif


-- What else happens with a contact: answers to the survey, notes of colleagues, campaigns and whether they were read. That they
-- depend on the contact, too, tells whom they are about by a row's own columns: else they would be read each time.

CREATE VIEW crm_chatwoot.csat WITH (security_invoker = true) AS
SELECT r.:csat_key AS ref, c.account_id, c.id AS contact_id, r.created_at, 'conversation-' || r.conversation_id AS thread,
	r.assigned_agent_id AS agent, r.rating, r.feedback_message
FROM public.csat_survey_responses r
JOIN public.contacts c ON c.id = r.contact_id
WHERE r.rating IS NOT NULL;

SELECT crm_timeline.add_source('chatwoot_csat', 'crm_chatwoot.csat',
	occurred_at => $$created_at AT TIME ZONE 'UTC'$$, kind => $$'csat'$$, keys => ARRAY['chatwoot_contact: contact_id'],
	channel => $$'survey'$$, direction => $$'inbound'$$, thread => 'thread', agent => 'agent', score => 'rating',
	automated => 'false', summary => 'feedback_message', ref => 'ref', tenant => nullif(:'wall', ''),
	depends_on => ARRAY['public.contacts: chatwoot_contact: id', 'public.csat_survey_responses: ' || :'contact_named']);

CREATE VIEW crm_chatwoot.note WITH (security_invoker = true) AS
SELECT n.:note_key AS ref, c.account_id, c.id AS contact_id, n.created_at, n.user_id, n.content
FROM public.notes n
JOIN public.contacts c ON c.id = n.contact_id;

SELECT crm_timeline.add_source('chatwoot_note', 'crm_chatwoot.note',
	occurred_at => $$created_at AT TIME ZONE 'UTC'$$, kind => $$'note'$$, keys => ARRAY['chatwoot_contact: contact_id'],
	direction => $$'internal'$$, agent => 'user_id', automated => 'false', summary => 'content', ref => 'ref',
	tenant => nullif(:'wall', ''),
	depends_on => ARRAY['public.contacts: chatwoot_contact: id', 'public.notes: ' || :'contact_named']);

CREATE VIEW crm_chatwoot.campaign WITH (security_invoker = true) AS
SELECT m.:campaign_key AS ref, c.account_id, c.id AS contact_id, m.sent_at, m.read_at, m.status,
	jsonb_strip_nulls(jsonb_build_object('seconds_to_delivery', CASE WHEN isfinite(m.delivered_at) AND isfinite(m.sent_at)
		THEN extract(epoch FROM m.delivered_at) - extract(epoch FROM m.sent_at) END)) AS attributes
FROM public.campaign_messages m
JOIN public.contacts c ON c.id = m.contact_id;

SELECT crm_timeline.add_source('chatwoot_campaign', 'crm_chatwoot.campaign',
	occurred_at => $$sent_at AT TIME ZONE 'UTC'$$, kind => $$'campaign'$$, keys => ARRAY['chatwoot_contact: contact_id'],
	direction => $$'outbound'$$, outcome => 'status', automated => 'true', ref => 'ref', attributes => 'attributes',
	filter => 'sent_at IS NOT NULL', tenant => nullif(:'wall', ''),
	depends_on => ARRAY['public.contacts: chatwoot_contact: id', 'public.campaign_messages: ' || :'contact_named']);

SELECT crm_timeline.add_source('chatwoot_campaign_read', 'crm_chatwoot.campaign',
	occurred_at => $$read_at AT TIME ZONE 'UTC'$$, kind => $$'campaign_read'$$, keys => ARRAY['chatwoot_contact: contact_id'],
	direction => $$'inbound'$$, automated => 'false', ref => 'ref', filter => 'read_at IS NOT NULL',
	tenant => nullif(:'wall', ''),
	depends_on => ARRAY['public.contacts: chatwoot_contact: id', 'public.campaign_messages: ' || :'contact_named']);

COMMIT;
\o
\echo 'Chatwoot is registered. Next, in this order:'
\echo '    CALL crm_timeline.create_suggested_indexes();   -- or without locks: SELECT statement FROM crm_timeline.suggested_indexes() WHERE NOT present \\gexec'
\echo '    CALL crm_timeline.refresh();                    -- and again every minute or so'
\echo '    SELECT * FROM crm_timeline.source_errors();     -- rows that are missing, and why'
