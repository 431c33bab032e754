-- chatwoot_expected.sql: what Chatwoot's tables mean, by their meaning alone (contacts are walled by account; a message is
-- its conversation's contact's; private messages and activities are not for the customer; templates and bots are machines).

INSERT INTO oracle.shown
SELECT ARRAY[oracle.name('chatwoot_contact', id::text, account_id::text), oracle.name('user', identifier, account_id::text),
	oracle.name('email', email, account_id::text), oracle.name('phone', phone_number, account_id::text)]
FROM contacts
UNION ALL
SELECT ARRAY[oracle.name('chatwoot_contact', c.id::text, c.account_id::text),
	CASE WHEN ci.source_id <> '' THEN oracle.name('chatwoot_address', format('%s/%s', ci.inbox_id, ci.source_id), c.account_id::text) END,
	CASE WHEN ci.hmac_verified THEN oracle.name('user', c.identifier, c.account_id::text) END]
FROM contact_inboxes ci, contacts c
WHERE c.id = ci.contact_id
UNION ALL
SELECT ARRAY[oracle.name('chatwoot_contact', c.contact_id::text, c.account_id::text)] FROM conversations c, messages m WHERE m.conversation_id = c.id
UNION ALL
SELECT ARRAY[oracle.name('chatwoot_contact', c.contact_id::text, c.account_id::text)] FROM conversations c, reporting_events e
WHERE e.conversation_id = c.id AND e.name IN ('conversation_resolved', 'conversation_bot_handoff');

INSERT INTO oracle.expected
-- what customers say
SELECT ARRAY[oracle.name('chatwoot_contact', c.contact_id::text, c.account_id::text)], m.created_at AT TIME ZONE 'UTC', 'message', ch.channel, 'inbound',
	format('conversation-%s', c.id), NULL, NULL, NULL, NULL::float8, NULL::float8, NULL::float8, false, m.content, 'chatwoot_message', m.id::text, m.id,
	jsonb_strip_nulls(jsonb_build_object('inbox', i.name, 'team', c.team_id, 'priority', c.priority, 'conversation_status', st.word, 'measured_sentiment', CASE WHEN m.sentiment <> '{}' THEN m.sentiment END))
FROM messages m
JOIN conversations c ON m.conversation_id = c.id
LEFT JOIN inboxes i ON m.inbox_id = i.id
LEFT JOIN (VALUES ('Channel::WebWidget', 'chat'), ('Channel::Email', 'email'), ('Channel::Whatsapp', 'whatsapp'), ('Channel::TwilioSms', 'sms')) ch(type, channel) ON ch.type = i.channel_type
LEFT JOIN (VALUES (0, 'open'), (1, 'resolved'), (2, 'pending'), (3, 'snoozed')) st(code, word) ON st.code = c.status
WHERE m.message_type = 0 AND NOT coalesce(m.private, false)
UNION ALL
-- what the firm says to them: people, bots, templates
SELECT ARRAY[oracle.name('chatwoot_contact', c.contact_id::text, c.account_id::text)], m.created_at AT TIME ZONE 'UTC',
	CASE WHEN m.message_type = 3 OR coalesce(m.sender_type, '') = 'AgentBot' THEN 'auto_reply' ELSE 'reply' END, ch.channel, 'outbound',
	format('conversation-%s', c.id), CASE m.sender_type WHEN 'User' THEN m.sender_id::text END, ms.word, NULL, NULL, NULL, NULL,
	m.message_type = 3 OR coalesce(m.sender_type, '') = 'AgentBot', m.content, 'chatwoot_message', m.id::text, m.id,
	jsonb_strip_nulls(jsonb_build_object('inbox', i.name, 'team', c.team_id, 'priority', c.priority, 'conversation_status', st.word, 'measured_sentiment', CASE WHEN m.sentiment <> '{}' THEN m.sentiment END))
FROM messages m
JOIN conversations c ON m.conversation_id = c.id
LEFT JOIN inboxes i ON m.inbox_id = i.id
LEFT JOIN (VALUES ('Channel::WebWidget', 'chat'), ('Channel::Email', 'email'), ('Channel::Whatsapp', 'whatsapp'), ('Channel::TwilioSms', 'sms')) ch(type, channel) ON ch.type = i.channel_type
LEFT JOIN (VALUES (0, 'open'), (1, 'resolved'), (2, 'pending'), (3, 'snoozed')) st(code, word) ON st.code = c.status
LEFT JOIN (VALUES (0, 'sent'), (1, 'delivered'), (2, 'read'), (3, 'failed')) ms(code, word) ON ms.code = m.status
WHERE m.message_type IN (1, 3) AND NOT coalesce(m.private, false)
UNION ALL
-- what the customer does not see
SELECT ARRAY[oracle.name('chatwoot_contact', c.contact_id::text, c.account_id::text)], m.created_at AT TIME ZONE 'UTC',
	CASE WHEN m.private THEN 'note' ELSE 'activity' END, ch.channel, 'internal',
	format('conversation-%s', c.id), CASE m.sender_type WHEN 'User' THEN m.sender_id::text END, NULL, NULL, NULL, NULL, NULL,
	m.message_type = 2 OR coalesce(m.sender_type, '') = 'AgentBot', m.content, 'chatwoot_message', m.id::text, m.id,
	jsonb_strip_nulls(jsonb_build_object('inbox', i.name, 'team', c.team_id, 'priority', c.priority, 'conversation_status', st.word, 'measured_sentiment', CASE WHEN m.sentiment <> '{}' THEN m.sentiment END))
FROM messages m
JOIN conversations c ON m.conversation_id = c.id
LEFT JOIN inboxes i ON m.inbox_id = i.id
LEFT JOIN (VALUES ('Channel::WebWidget', 'chat'), ('Channel::Email', 'email'), ('Channel::Whatsapp', 'whatsapp'), ('Channel::TwilioSms', 'sms')) ch(type, channel) ON ch.type = i.channel_type
LEFT JOIN (VALUES (0, 'open'), (1, 'resolved'), (2, 'pending'), (3, 'snoozed')) st(code, word) ON st.code = c.status
WHERE m.private OR m.message_type = 2
UNION ALL
-- what became of a conversation; opened means reopened next after a resolution, and of the fixture a bot resolved the one that it says
SELECT ARRAY[oracle.name('chatwoot_contact', c.contact_id::text, c.account_id::text)], e.at AT TIME ZONE 'UTC', w.kind, ch.channel, 'internal',
	format('conversation-%s', c.id), e.user_id::text, NULL, NULL, NULL, NULL, NULL, CASE WHEN e.id IN (2, 8) THEN true END, NULL, 'chatwoot_event', e.id::text, e.id,
	jsonb_strip_nulls(jsonb_build_object('inbox', i.name, 'team', c.team_id))
FROM (SELECT o.*, lag(name) OVER (PARTITION BY conversation_id ORDER BY at, id) AS before
	FROM (SELECT *, coalesce(event_end_time, created_at) AS at FROM reporting_events) o
	WHERE name IN ('conversation_resolved', 'conversation_opened')
	UNION ALL
	SELECT *, event_end_time, NULL FROM reporting_events WHERE name = 'conversation_bot_handoff') e
JOIN (VALUES ('conversation_resolved', 'resolved'), ('conversation_bot_handoff', 'handoff'), ('conversation_opened', 'reopened')) w(name, kind) ON w.name = e.name
JOIN conversations c ON c.id = e.conversation_id
LEFT JOIN inboxes i ON i.id = c.inbox_id
LEFT JOIN (VALUES ('Channel::WebWidget', 'chat'), ('Channel::Email', 'email'), ('Channel::Whatsapp', 'whatsapp'), ('Channel::TwilioSms', 'sms')) ch(type, channel) ON ch.type = i.channel_type
WHERE e.name <> 'conversation_opened' OR e.before = 'conversation_resolved'
UNION ALL
SELECT ARRAY[oracle.name('chatwoot_contact', c.id::text, c.account_id::text)], r.created_at AT TIME ZONE 'UTC', 'csat', 'survey', 'inbound',
	'conversation-' || r.conversation_id, r.assigned_agent_id::text, NULL, NULL, NULL, r.rating, NULL, false, r.feedback_message, 'chatwoot_csat', r.id::text, NULL, NULL
FROM csat_survey_responses r, contacts c
WHERE r.contact_id = c.id AND r.rating >= 1
UNION ALL
SELECT ARRAY[oracle.name('chatwoot_contact', c.id::text, c.account_id::text)], n.created_at AT TIME ZONE 'UTC', 'note', NULL, 'internal',
	NULL, n.user_id::text, NULL, NULL, NULL, NULL, NULL, false, n.content, 'chatwoot_note', n.id::text, NULL, NULL
FROM notes n, contacts c
WHERE n.contact_id = c.id
UNION ALL
SELECT ARRAY[oracle.name('chatwoot_contact', c.id::text, c.account_id::text)], m.sent_at AT TIME ZONE 'UTC', 'campaign', NULL, 'outbound',
	NULL, NULL, m.status::text, NULL, NULL, NULL, NULL, true, NULL, 'chatwoot_campaign', m.id::text, NULL,
	-- of all the rows, two were delivered at a time that one can take away from
	CASE WHEN m.id = 1 THEN '{"seconds_to_delivery": 2.5}' WHEN m.id = 3 THEN '{"seconds_to_delivery": 60}' ELSE '{}' END::jsonb
FROM campaign_messages m, contacts c
WHERE m.contact_id = c.id
UNION ALL
SELECT ARRAY[oracle.name('chatwoot_contact', c.id::text, c.account_id::text)], m.read_at AT TIME ZONE 'UTC', 'campaign_read', NULL, 'inbound',
	NULL, NULL, NULL, NULL, NULL, NULL, NULL, false, NULL, 'chatwoot_campaign_read', m.id::text, NULL, NULL
FROM campaign_messages m, contacts c
WHERE m.contact_id = c.id;
