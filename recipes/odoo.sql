-- odoo.sql: the tables of Odoo (partners, chatter and CRM) as sources of crm_timeline.
--
--     psql -X -d odoo -f recipes/odoo.sql
--     psql -X -d odoo -v tenant="'acme'" -f recipes/odoo.sql
--
-- In a database that has the extension, as a role that owns Odoo's tables and may use the schema crm_timeline. All or nothing:
-- it is one transaction. Run it again and it makes everything anew. It adds triggers to the tables that it reads; it changes
-- nothing of Odoo's.
--
-- Who is who. A partner is known by number, e-mail address and telephone number. That two partners belong to one company
-- (parent_id, commercial_partner_id) does not make them one customer. A lead is somebody, too: whoever its partner is, and
-- before there is one, whoever its address says. So what happens to a lead is the lead's, and when the lead gets a partner,
-- or another one, all of it goes there with the next refresh.
-- How sure is it? A lead's partner was chosen in Odoo: grade 80. A partner's e-mail address: 60. Telephone numbers, which
-- colleagues share, and what an unknown sender or a form said: 50 and 40. A switchboard's number belongs into
-- crm_timeline.blocked_identity.
-- Walls. None: one database is one firm. With -v tenant=... an expression gives one; a constant, since the tables share no column.
-- Clocks. Odoo's times are UTC in columns without a time zone.

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
WHERE s.name IN ('odoo_partner', 'odoo_partner_phone', 'odoo_lead_partner', 'odoo_lead_stranger', 'odoo_email', 'odoo_message',
	'odoo_lead_created', 'odoo_lead_assigned', 'odoo_lead_stage', 'odoo_lead_converted', 'odoo_lead_closed');


-- Identities: rows that are no interactions, and say who is who.

-- A partner's row has no time that says since when; the links hold whenever they are asked for.
SELECT crm_timeline.add_source('odoo_partner', 'public.res_partner',
	occurred_at => $$'-infinity'::timestamptz$$, keys => ARRAY['odoo_partner: id', 'email: coalesce(email_normalized, email)'],
	tenant => nullif(:'wall', ''), grade => 60);

SELECT crm_timeline.add_source('odoo_partner_phone', 'public.res_partner',
	occurred_at => $$'-infinity'::timestamptz$$,
	keys => ARRAY['odoo_partner: id', 'phone: coalesce(phone_sanitized, phone)', 'phone: mobile'],
	tenant => nullif(:'wall', ''), grade => 40);

SELECT crm_timeline.add_source('odoo_lead_partner', 'public.crm_lead',
	occurred_at => $$create_date AT TIME ZONE 'UTC'$$, keys => ARRAY['odoo_lead: id', 'odoo_partner: partner_id'],
	tenant => nullif(:'wall', ''), grade => 80);

-- What a form said who it is; the address of a lead with a partner is the partner's to tell.
SELECT crm_timeline.add_source('odoo_lead_stranger', 'public.crm_lead',
	occurred_at => $$create_date AT TIME ZONE 'UTC'$$, keys => ARRAY['odoo_lead: id', 'email: email_from', 'phone: phone'],
	filter => 'partner_id IS NULL', tenant => nullif(:'wall', ''), grade => 50);


-- The chatter. An e-mail is from its author; everything else belongs to the partner or the lead that it is written on.

SELECT crm_timeline.add_source('odoo_email', 'public.mail_message',
	occurred_at => $$date AT TIME ZONE 'UTC'$$, keys => ARRAY['odoo_partner: author_id', 'email: email_from'],
	kind => $$'email'$$, channel => $$'email'$$, direction => $$CASE WHEN is_internal THEN 'internal' ELSE 'inbound' END$$,
	thread => $$model || ',' || res_id$$, automated => 'false', summary => 'subject', ref => 'id', seq => 'id',
	attributes => $$jsonb_strip_nulls(jsonb_build_object('message', message_id, 'answers', parent_id))$$,
	filter => $$message_type = 'email'$$, tenant => nullif(:'wall', ''), grade => 50);

SELECT crm_timeline.add_source('odoo_message', 'public.mail_message',
	occurred_at => $$date AT TIME ZONE 'UTC'$$,
	keys => ARRAY[$$odoo_lead: CASE WHEN model = 'crm.lead' THEN res_id END$$,
		$$odoo_partner: CASE WHEN model = 'res.partner' THEN res_id END$$],
	kind => $$CASE WHEN message_type IN ('notification', 'user_notification', 'tracking') THEN 'notification'
		WHEN message_type IN ('auto_comment', 'out_of_office') THEN 'auto_reply'
		WHEN is_internal THEN 'note'
		WHEN message_type = 'email_outgoing' THEN 'email'
		WHEN message_type = 'comment' THEN 'comment' END$$,
	channel => $$CASE WHEN is_internal OR message_type IN ('notification', 'user_notification', 'tracking') THEN NULL
		WHEN message_type IN ('email_outgoing', 'out_of_office') THEN 'email' ELSE 'chatter' END$$,
	-- a comment on a partner by that partner is the customer's
	direction => $$CASE WHEN is_internal OR message_type IN ('notification', 'user_notification', 'tracking') THEN 'internal'
		WHEN message_type = 'comment' AND model = 'res.partner' AND author_id = res_id THEN 'inbound' ELSE 'outbound' END$$,
	thread => $$model || ',' || res_id$$,
	agent => $$CASE WHEN model = 'res.partner' AND author_id = res_id THEN NULL ELSE author_id END$$,
	automated => $$message_type NOT IN ('comment', 'email_outgoing')$$, summary => 'subject', ref => 'id', seq => 'id',
	attributes => $$jsonb_strip_nulls(jsonb_build_object('message', message_id, 'answers', parent_id))$$,
	filter => $$message_type <> 'email' AND model IN ('crm.lead', 'res.partner')$$, tenant => nullif(:'wall', ''));


-- Leads. One row is up to five interactions, each with a time of its own: one source for each.

SELECT crm_timeline.add_source('odoo_lead_created', 'public.crm_lead',
	occurred_at => $$create_date AT TIME ZONE 'UTC'$$, keys => ARRAY['odoo_lead: id'], kind => $$'lead'$$,
	direction => $$'inbound'$$, thread => $$'crm.lead,' || id$$, ref => 'id', seq => '1',
	attributes => $$jsonb_strip_nulls(jsonb_build_object('expected_revenue', expected_revenue, 'campaign', campaign_id,
		'medium', medium_id, 'origin', source_id))$$,
	tenant => nullif(:'wall', ''));

SELECT crm_timeline.add_source('odoo_lead_assigned', 'public.crm_lead',
	occurred_at => $$date_open AT TIME ZONE 'UTC'$$, keys => ARRAY['odoo_lead: id'], kind => $$'assigned'$$,
	direction => $$'internal'$$, thread => $$'crm.lead,' || id$$, agent => 'user_id', ref => 'id', seq => '2',
	attributes => $$jsonb_strip_nulls(jsonb_build_object('team', team_id))$$,
	filter => 'date_open IS NOT NULL', tenant => nullif(:'wall', ''));

SELECT crm_timeline.add_source('odoo_lead_stage', 'public.crm_lead',
	occurred_at => $$date_last_stage_update AT TIME ZONE 'UTC'$$, keys => ARRAY['odoo_lead: id'], kind => $$'stage_change'$$,
	direction => $$'internal'$$, thread => $$'crm.lead,' || id$$, agent => 'user_id', outcome => $$'stage-' || stage_id$$, ref => 'id',
	seq => '3', filter => 'date_last_stage_update IS NOT NULL', tenant => nullif(:'wall', ''));

SELECT crm_timeline.add_source('odoo_lead_converted', 'public.crm_lead',
	occurred_at => $$date_conversion AT TIME ZONE 'UTC'$$, keys => ARRAY['odoo_lead: id'], kind => $$'converted'$$,
	direction => $$'internal'$$, thread => $$'crm.lead,' || id$$, agent => 'user_id', ref => 'id', seq => '4',
	filter => 'date_conversion IS NOT NULL', tenant => nullif(:'wall', ''));

-- Only what was won is worth money.
SELECT crm_timeline.add_source('odoo_lead_closed', 'public.crm_lead',
	occurred_at => $$date_closed AT TIME ZONE 'UTC'$$, keys => ARRAY['odoo_lead: id'],
	kind => $$CASE WHEN lost_reason_id IS NOT NULL OR probability = 0 THEN 'lost' WHEN probability = 100 THEN 'won' ELSE 'closed' END$$,
	direction => $$'internal'$$, thread => $$'crm.lead,' || id$$, agent => 'user_id',
	value => $$CASE WHEN probability = 100 AND lost_reason_id IS NULL THEN expected_revenue END$$, ref => 'id', seq => '5',
	attributes => $$jsonb_strip_nulls(jsonb_build_object('lost_reason', lost_reason_id, 'expected_revenue', expected_revenue))$$,
	filter => 'date_closed IS NOT NULL', tenant => nullif(:'wall', ''));

COMMIT;
\o
\echo 'Odoo is registered. Next, in this order:'
\echo '    CALL crm_timeline.create_suggested_indexes();   -- or without locks: SELECT statement FROM crm_timeline.suggested_indexes() WHERE NOT present \\gexec'
\echo '    CALL crm_timeline.refresh();                    -- and again every minute or so'
\echo '    SELECT * FROM crm_timeline.source_errors();     -- rows that are missing, and why'
