-- odoo_expected.sql: what Odoo's tables mean, by their meaning alone (an e-mail is its author's; all else is the partner's or the
-- lead's that it is written on; a lead is its partner, or before that whoever its address says; companies are not customers of their staff).

INSERT INTO oracle.shown
SELECT ARRAY[oracle.name('odoo_partner', id::text), coalesce(oracle.name('email', email_normalized), oracle.name('email', email)),
	coalesce(oracle.name('phone', phone_sanitized), oracle.name('phone', phone)), oracle.name('phone', mobile)]
FROM res_partner
UNION ALL
SELECT ARRAY[oracle.name('odoo_lead', id::text), oracle.name('odoo_partner', partner_id::text)] FROM crm_lead
UNION ALL
SELECT ARRAY[oracle.name('odoo_lead', id::text), oracle.name('email', email_from), oracle.name('phone', phone)] FROM crm_lead WHERE partner_id IS NULL
UNION ALL
SELECT ARRAY[oracle.name('odoo_partner', author_id::text), oracle.name('email', email_from)] FROM mail_message WHERE message_type = 'email'
UNION ALL
SELECT ARRAY[CASE model WHEN 'crm.lead' THEN oracle.name('odoo_lead', res_id::text) WHEN 'res.partner' THEN oracle.name('odoo_partner', res_id::text) END]
FROM mail_message WHERE message_type <> 'email';

INSERT INTO oracle.expected
SELECT ARRAY[oracle.name('odoo_partner', author_id::text), oracle.name('email', email_from)], date AT TIME ZONE 'UTC', 'email', 'email',
	CASE is_internal WHEN true THEN 'internal' ELSE 'inbound' END, model || ',' || res_id, NULL, NULL, NULL, NULL::float8, NULL::float8, NULL::float8, false,
	subject, 'odoo_email', id::text, id::bigint, jsonb_strip_nulls(jsonb_build_object('message', message_id, 'answers', parent_id))
FROM mail_message
WHERE message_type = 'email'
UNION ALL
SELECT ARRAY[CASE m.model WHEN 'crm.lead' THEN oracle.name('odoo_lead', m.res_id::text) WHEN 'res.partner' THEN oracle.name('odoo_partner', m.res_id::text) END],
	m.date AT TIME ZONE 'UTC', CASE WHEN m.is_internal AND t.internal_kind IS NOT NULL THEN t.internal_kind ELSE t.kind END,
	CASE WHEN NOT coalesce(m.is_internal, false) THEN t.channel END,
	CASE WHEN m.is_internal OR t.direction = 'internal' THEN 'internal'
		WHEN m.message_type = 'comment' AND m.model = 'res.partner' AND m.author_id = m.res_id THEN 'inbound' ELSE t.direction END,
	m.model || ',' || m.res_id, CASE WHEN NOT (m.model = 'res.partner' AND m.author_id IS NOT DISTINCT FROM m.res_id) THEN m.author_id::text END, NULL, NULL, NULL, NULL, NULL,
	t.automated, m.subject, 'odoo_message', m.id::text, m.id, jsonb_strip_nulls(jsonb_build_object('message', m.message_id, 'answers', m.parent_id))
FROM mail_message m
JOIN (VALUES ('comment', 'comment', 'note', 'chatter', 'outbound', false), ('email_outgoing', 'email', 'note', 'email', 'outbound', false),
	('notification', 'notification', NULL, NULL, 'internal', true), ('user_notification', 'notification', NULL, NULL, 'internal', true),
	('tracking', 'notification', NULL, NULL, 'internal', true), ('auto_comment', 'auto_reply', NULL, 'chatter', 'outbound', true),
	('out_of_office', 'auto_reply', NULL, 'email', 'outbound', true)) t(message_type, kind, internal_kind, channel, direction, automated) USING (message_type)
UNION ALL
SELECT ARRAY[oracle.name('odoo_lead', l.id::text)], e.at AT TIME ZONE 'UTC', e.kind, NULL, e.direction, 'crm.lead,' || l.id, e.agent::text, e.outcome, NULL, NULL, NULL,
	e.value::float8, NULL, NULL, e.source, l.id::text, e.seq, e.attributes
FROM crm_lead l
CROSS JOIN LATERAL (VALUES
	('odoo_lead_created', l.create_date, 'lead', 'inbound', NULL, NULL, NULL, 1, jsonb_strip_nulls(jsonb_build_object('expected_revenue', l.expected_revenue, 'campaign', l.campaign_id, 'medium', l.medium_id, 'origin', l.source_id))),
	('odoo_lead_assigned', l.date_open, 'assigned', 'internal', l.user_id, NULL, NULL, 2, jsonb_strip_nulls(jsonb_build_object('team', l.team_id))),
	('odoo_lead_stage', l.date_last_stage_update, 'stage_change', 'internal', l.user_id, 'stage-' || l.stage_id, NULL, 3, NULL),
	('odoo_lead_converted', l.date_conversion, 'converted', 'internal', l.user_id, NULL, NULL, 4, NULL),
	('odoo_lead_closed', l.date_closed, CASE WHEN l.lost_reason_id > 0 OR l.probability = 0 THEN 'lost' WHEN l.probability >= 100 THEN 'won' ELSE 'closed' END, 'internal', l.user_id, NULL,
		CASE WHEN l.lost_reason_id IS NULL AND l.probability >= 100 THEN l.expected_revenue END, 5,
		jsonb_strip_nulls(jsonb_build_object('lost_reason', l.lost_reason_id, 'expected_revenue', l.expected_revenue))))
	e(source, at, kind, direction, agent, outcome, value, seq, attributes);
