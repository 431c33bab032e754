-- odoo.sql: tables of Odoo's names and types, as few columns as its recipe reads, and rows with every trap.

CREATE TABLE public.res_partner (id integer PRIMARY KEY, name character varying, email character varying, email_normalized character varying,
	phone character varying, mobile character varying, phone_sanitized character varying, lang character varying, tz character varying,
	parent_id integer, commercial_partner_id integer);
CREATE TABLE public.mail_message (id integer PRIMARY KEY, date timestamp, subject character varying, body text, model character varying,
	res_id integer, message_type character varying, is_internal boolean, author_id integer, email_from character varying,
	message_id character varying, parent_id integer);
CREATE TABLE public.crm_lead (id integer PRIMARY KEY, partner_id integer, email_from character varying, phone character varying, stage_id integer,
	user_id integer, team_id integer, create_date timestamp, date_open timestamp, date_last_stage_update timestamp,
	date_conversion timestamp, date_closed timestamp, probability double precision, lost_reason_id integer, expected_revenue numeric,
	campaign_id integer, medium_id integer, source_id integer);

INSERT INTO public.res_partner (id, name, email, email_normalized, phone, mobile, phone_sanitized, parent_id, commercial_partner_id) VALUES
	(1, 'A company', 'Office <office@firm.example>', 'office@firm.example', '+49 30 23125000', NULL, '+493023125000', NULL, 1),
	(2, 'Ann of that company', 'Ann@Firm.example', NULL, NULL, '+49 170 5550142', NULL, 1, 1),
	(3, 'Ben of that company', NULL, 'ben@firm.example', NULL, NULL, NULL, 1, 1),
	(4, 'Ann, made twice', 'ann@firm.example', 'ann@firm.example', NULL, NULL, NULL, NULL, 4),
	(5, 'nothing is known', NULL, NULL, NULL, NULL, NULL, NULL, 5),
	(6, 'nothing is right', 'nobody', '', '030 4711', 'no', NULL, NULL, 6),
	(7, 'shares a telephone with 8', 'seven@x.example', 'seven@x.example', '+44 20 7946 0007', NULL, '+442079460007', NULL, 7),
	(8, 'shares a telephone with 7', NULL, NULL, NULL, '+44 (20) 7946-0007', NULL, NULL, 8),
	(9, repeat('n', 1000), repeat('x', 2000) || '@example.com', NULL, repeat('9', 2000), NULL, NULL, NULL, 9);
INSERT INTO public.crm_lead (id, partner_id, email_from, phone, stage_id, user_id, team_id, create_date, date_open, date_last_stage_update, date_conversion, date_closed, probability, lost_reason_id, expected_revenue, campaign_id, medium_id, source_id) VALUES
	(1, 2, 'somebody.else@example.com', NULL, 3, 11, 1, '2026-01-01 09:00', '2026-01-01 10:00', '2026-01-05 09:00', '2026-01-03 09:00', '2026-01-05 09:00', 100, NULL, 4200.50, 1, 2, 3),
	(2, NULL, 'New@Customer.example', '+33 1 42 68 53 00', 1, NULL, NULL, '2026-01-02 09:00', NULL, '2026-01-02 09:00', NULL, NULL, 12.5, NULL, 0, NULL, NULL, NULL),
	(3, NULL, 'new@customer.example', NULL, 4, 12, 1, '2026-01-03 09:00', '2026-01-03 09:00', '2026-01-03 09:00', '2026-01-03 09:00', '2026-01-03 09:00', 0, 7, 900, NULL, NULL, NULL),
	(4, NULL, NULL, NULL, NULL, NULL, NULL, '2026-01-04 09:00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	(5, 4, NULL, NULL, 2, 11, NULL, 'infinity', '-infinity', 'infinity', NULL, '2026-02-01 09:00', 50, NULL, 'NaN', NULL, NULL, NULL),
	(6, 99, 'bad', 'bad', 2, 11, NULL, NULL, '2026-01-06 09:00', NULL, NULL, '2026-02-01 09:00', 100, 7, 1e300, NULL, NULL, NULL),
	(7, NULL, 'office@firm.example', '+493023125000', 2, 11, NULL, '2026-01-07 09:00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.mail_message (id, date, subject, body, model, res_id, message_type, is_internal, author_id, email_from, message_id, parent_id) VALUES
	(1, '2026-01-01 09:00', 'An offer, please', '<p>Hello</p>', 'crm.lead', 1, 'email', false, 2, 'Ann <ann@firm.example>', '<1@firm.example>', NULL),
	(2, '2026-01-01 09:00', 'Re: An offer, please', '<p>Here</p>', 'crm.lead', 1, 'email_outgoing', false, 21, 'sales@us.example', '<2@us.example>', 1),
	(3, '2026-01-01 09:01', NULL, 'She is in a hurry', 'crm.lead', 1, 'comment', true, 21, NULL, NULL, 1),
	(4, '2026-01-01 09:02', '', 'to the customer', 'crm.lead', 1, 'comment', false, 21, NULL, NULL, 1),
	(5, '2026-01-01 09:02', NULL, 'stage: new -> won', 'crm.lead', 1, 'notification', NULL, 21, NULL, NULL, NULL),
	(6, '2026-01-01 09:03', NULL, NULL, 'crm.lead', 1, 'tracking', true, NULL, NULL, NULL, NULL),
	(7, '2026-01-01 09:04', 'We got it', NULL, 'crm.lead', 2, 'auto_comment', false, NULL, NULL, NULL, NULL),
	(8, '2026-01-01 09:05', 'I am out', NULL, 'crm.lead', 2, 'out_of_office', NULL, 21, NULL, NULL, NULL),
	(9, '2026-01-02 09:00', 'Hello', NULL, NULL, NULL, 'email', false, NULL, '"New" <New@Customer.example>', NULL, NULL),
	(10, '2026-01-02 09:00', 'Who', NULL, NULL, NULL, 'email', false, NULL, 'MAILER-DAEMON', NULL, NULL),
	(11, '2026-01-02 09:00', 'Hi', NULL, 'res.partner', 4, 'email', true, 4, NULL, NULL, NULL),
	(12, '2026-01-02 09:30', NULL, 'I am the customer', 'res.partner', 4, 'comment', false, 4, NULL, NULL, NULL),
	(13, '2026-01-02 09:30', NULL, 'and I a colleague', 'res.partner', 4, 'comment', NULL, 21, NULL, NULL, NULL),
	(14, '2026-01-02 09:30', NULL, 'to users', 'res.partner', 4, 'user_notification', false, NULL, NULL, NULL, NULL),
	(15, '2026-01-02 09:30', NULL, 'about a product', 'product.template', 4, 'comment', false, 21, NULL, NULL, NULL),
	(16, '2026-01-02 09:30', NULL, 'on no record', 'crm.lead', NULL, 'comment', false, 21, NULL, NULL, NULL),
	(17, '2026-01-02 09:30', NULL, 'on a lead that is gone', 'crm.lead', 4711, 'comment', false, 21, NULL, NULL, NULL),
	(18, NULL, NULL, 'at no time', 'crm.lead', 1, 'comment', false, 21, NULL, NULL, NULL),
	(19, 'infinity', NULL, 'never', 'crm.lead', 1, 'email', false, 2, NULL, NULL, NULL),
	(20, '2026-01-02 09:30', NULL, 'of a type that nobody knows', 'crm.lead', 1, 'sms', false, 21, NULL, NULL, NULL),
	(21, '2026-01-02 09:30', NULL, 'of no type', 'crm.lead', 1, NULL, false, 21, NULL, NULL, NULL),
	(22, '2026-01-02 09:30', repeat('s', 5000), 'on no model', NULL, 1, 'comment', false, 21, NULL, NULL, NULL),
	(23, '2026-01-03 09:00', 'x', NULL, 'crm.lead', 5, 'comment', false, 21, NULL, NULL, NULL),
	(24, '2026-01-03 09:00', 'y', NULL, 'crm.lead', 5, 'email_outgoing', true, 21, NULL, NULL, NULL),
	(25, '2026-01-03 09:00', 'z', NULL, 'res.partner', 8, 'auto_comment', true, 8, NULL, NULL, NULL);
