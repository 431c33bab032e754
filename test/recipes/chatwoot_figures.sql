-- chatwoot_figures.sql: an account 3 beside the rows of chatwoot.sql, whose reporting_events are Chatwoot's own figures of its
-- conversations, worked out by hand from Chatwoot's rules:
--
-- first_response: to the first reply of a person, a message of type 1 that is not private and whose sender is a User (templates, bots,
--   the application and private notes do not count); from the creation of the conversation, or from the handover by a bot or the
--   last opening after a resolution where there was one before that reply.
-- reply_time: to each later reply of a person to somebody who waits, from the first message of the customer's since the last such reply.
--   The first reply gives no reply_time. Whom a resolution finds waiting does not wait any longer.
-- conversation_resolved: from the creation of the conversation to the resolution, each time that it is resolved;
--   conversation_bot_resolved is the same where no person ever replied.
-- conversation_bot_handoff: from the creation to the first handover.
-- conversation_opened: from the last resolution to the opening; 0 where there was none. A message to a resolved conversation opens it.
-- value_in_business_hours: the same by the clock of the inbox, in its working hours; 0 where it does not use them. A day that is
--   open all day is stored, and counted by Chatwoot, as 00:00 to 23:59, a minute less than it has.

INSERT INTO inboxes (id, account_id, name, channel_type, timezone, working_hours_enabled) VALUES
	(31, 3, 'Site', 'Channel::WebWidget', 'Europe/Berlin', true), (33, 3, 'India', 'Channel::Whatsapp', 'Asia/Kolkata', true),
	(34, 3, 'Mail', 'Channel::Email', 'Europe/Berlin', false), (35, 3, 'Night', 'Channel::Voice', 'America/New_York', true), (36, 3, 'Nobody', 'Channel::Api', NULL, true);
-- 0 is Sunday. Inbox 31: mon-thu 09:00-17:00, fri 09:00-15:30. Inbox 33: mon-fri 10:00-18:30, and all of Saturday. Inbox 34 has hours
-- that it does not use. Inbox 35: from 22:00 to 06:00 of the next day. Inbox 36 has none.
INSERT INTO working_hours (inbox_id, account_id, day_of_week, closed_all_day, open_hour, open_minutes, close_hour, close_minutes, open_all_day)
SELECT 31, 3, d, d IN (0, 6), 9, 0, CASE d WHEN 5 THEN 15 ELSE 17 END, CASE d WHEN 5 THEN 30 ELSE 0 END, false FROM generate_series(6, 0, -1) d
UNION ALL SELECT 33, 3, d, d = 0, CASE d WHEN 6 THEN 0 WHEN 0 THEN NULL ELSE 10 END, CASE d WHEN 0 THEN NULL ELSE 0 END,
	CASE d WHEN 6 THEN 23 WHEN 0 THEN NULL ELSE 18 END, CASE d WHEN 6 THEN 59 WHEN 0 THEN NULL ELSE 30 END, d = 6 FROM generate_series(0, 6) d
UNION ALL SELECT 34, 3, d, false, 9, 0, 17, 0, false FROM generate_series(0, 6) d
UNION ALL SELECT 35, 3, d, d NOT BETWEEN 1 AND 5, 22, 0, 6, 0, false FROM generate_series(0, 6) d;

INSERT INTO contacts (id, account_id, email, created_at) SELECT 300 + n, 3, 'c' || n || '@figures.example', '2026-03-01' FROM generate_series(1, 7) n;
-- each contact has a conversation of the same number
INSERT INTO conversations (id, account_id, inbox_id, contact_id, status, assignee_id, created_at) VALUES
	(301, 3, 31, 301, 1, 7, '2026-03-02 08:00:00'), (302, 3, 31, 302, 1, 7, '2026-03-27 14:00:00'), (303, 3, 31, 303, 0, 7, '2026-03-02 08:00:00'),
	(304, 3, 33, 304, 0, 9, '2026-03-06 12:30:00'), (305, 3, 34, 305, 0, 7, '2026-03-10 09:00:00'), (306, 3, 31, 306, 2, NULL, '2026-03-10 09:00:00'),
	(307, 3, 34, 307, 1, 7, '2026-03-11 09:00:00');

-- Who says what: c the contact, a7 agent 7, n7 a private note of hers, b a bot, t a template, x the application without a sender.
INSERT INTO messages (id, account_id, inbox_id, conversation_id, message_type, private, sender_type, sender_id, content, status, created_at)
SELECT 300 + m.n, 3, c.inbox_id, c.id, CASE left(m.who, 1) WHEN 'c' THEN 0 WHEN 't' THEN 3 ELSE 1 END, m.who LIKE 'n%',
	CASE left(m.who, 1) WHEN 'c' THEN 'Contact' WHEN 'a' THEN 'User' WHEN 'n' THEN 'User' WHEN 'b' THEN 'AgentBot' END,
	CASE WHEN m.who ~ '[0-9]' THEN substr(m.who, 2)::int END, m.who, CASE m.who WHEN 'a7' THEN m.status ELSE 0 END, m.at::timestamp
FROM (VALUES
	-- two messages before an answer are one wait; a template, a bot and a note are no answer; two answers are one
	(1, 301, 'c', '2026-03-02 08:00:00', 0), (2, 301, 't', '2026-03-02 08:00:01', 0), (3, 301, 'c', '2026-03-02 08:01:00', 0), (4, 301, 'n8', '2026-03-02 08:02:00', 0),
	(5, 301, 'a7', '2026-03-02 08:03:00', 1), (6, 301, 'a7', '2026-03-02 08:03:20', 1), (7, 301, 'c', '2026-03-02 08:05:00', 0), (8, 301, 'b', '2026-03-02 08:05:01', 0),
	(9, 301, 'n7', '2026-03-02 08:10:00', 0), (10, 301, 'a8', '2026-03-02 08:15:00', 0),
	-- a bot until 14:02 on a Friday, an agent on Monday; in between the clocks go forward. A reply that fails (3) is one
	(11, 302, 'c', '2026-03-27 14:00:00', 0), (12, 302, 'b', '2026-03-27 14:00:02', 0), (13, 302, 'c', '2026-03-27 14:01:00', 0), (14, 302, 'b', '2026-03-27 14:01:01', 0),
	(15, 302, 'a7', '2026-03-30 08:30:00', 1), (16, 302, 'c', '2026-03-30 09:00:00', 0), (17, 302, 'a7', '2026-03-30 09:30:00', 3), (18, 302, 'a7', '2026-03-30 09:31:00', 1),
	-- resolved by a bot, opened again by an agent days later; resolved, and opened by the customer's message
	(19, 303, 'c', '2026-03-02 08:00:00', 0), (20, 303, 'b', '2026-03-02 08:00:05', 0), (21, 303, 'a7', '2026-03-06 13:10:00', 1), (22, 303, 'c', '2026-03-06 14:45:00', 0),
	(23, 303, 'a7', '2026-03-09 08:00:30', 1),
	-- over a midnight to a day that is open all day, and over that day
	(24, 304, 'c', '2026-03-06 12:30:00', 0), (25, 304, 'a9', '2026-03-06 20:30:00', 0), (26, 304, 'c', '2026-03-06 21:00:00', 0), (27, 304, 'a9', '2026-03-09 05:00:00', 0),
	-- an agent writes first; the application is nobody; a resolution instead of an answer; an answer to nobody
	(28, 305, 'a7', '2026-03-10 09:00:00', 1), (29, 305, 'c', '2026-03-10 10:00:00', 0), (30, 305, 'x', '2026-03-10 10:05:00', 0), (31, 305, 'a7', '2026-03-10 10:20:00', 1),
	(32, 305, 'c', '2026-03-10 11:00:00', 0), (33, 305, 'a7', '2026-03-10 12:10:00', 1),
	-- nobody answers
	(34, 306, 'c', '2026-03-10 09:00:00', 0), (35, 307, 'c', '2026-03-11 09:00:00', 0)) m(n, conversation, who, at, status)
JOIN conversations c ON c.id = m.conversation;

-- The figures: what, how many seconds, how many of them in working hours. Times are UTC, those of inbox 31 an hour later by its clock,
-- two hours from 29 March; those of inbox 33 five and a half hours later.
INSERT INTO reporting_events (id, account_id, inbox_id, conversation_id, user_id, created_at, name, event_start_time, event_end_time, value, value_in_business_hours)
SELECT 300 + f.n, 3, c.inbox_id, c.id, c.assignee_id, coalesce(f.until::timestamp + interval '3 s', '2026-03-11 10:00:00'), f.name, f.since::timestamp, f.until::timestamp, f.value, f.business
FROM (VALUES
	-- 301: Monday from 09:00 by the clock of the inbox, all of it in working hours
	(1, 301, 'first_response', '2026-03-02 08:00:00', '2026-03-02 08:03:00', 180, 180),
	(2, 301, 'reply_time', '2026-03-02 08:05:00', '2026-03-02 08:15:00', 600, 600),
	(3, 301, 'conversation_resolved', '2026-03-02 08:00:00', '2026-03-02 09:00:00', 3600, 3600),
	-- 302: Fri 15:02 to Mon 10:30: 3 days less 5:32 h; working: 28 min of Friday, 90 of Monday
	(4, 302, 'conversation_bot_handoff', '2026-03-27 14:00:00', '2026-03-27 14:02:00', 120, 120),
	(5, 302, 'conversation_opened', '2026-03-27 14:00:00', '2026-03-27 14:02:00', 0, 0),
	(6, 302, 'first_response', '2026-03-27 14:02:00', '2026-03-30 08:30:00', 239280, 7080),
	(7, 302, 'reply_time', '2026-03-30 09:00:00', '2026-03-30 09:30:00', 1800, 1800),
	-- Fri 15:00 to Tue 18:00: 4 days and 2 h; working: 30 min, 8 h and 8 h
	(8, 302, 'conversation_resolved', '2026-03-27 14:00:00', '2026-03-31 16:00:00', 352800, 59400),
	-- 303: Mon 09:00 to 09:05
	(9, 303, 'conversation_resolved', '2026-03-02 08:00:00', '2026-03-02 08:05:00', 300, 300),
	(10, 303, 'conversation_bot_resolved', '2026-03-02 08:00:00', '2026-03-02 08:05:00', 300, 300),
	-- Mon 09:05 to Fri 14:00: 4 days and 4:55 h; working: 7:55 h, three times 8 h, 5 h
	(11, 303, 'conversation_opened', '2026-03-02 08:05:00', '2026-03-06 13:00:00', 363300, 132900),
	(12, 303, 'first_response', '2026-03-06 13:00:00', '2026-03-06 13:10:00', 600, 600),
	-- Mon 09:00 to Fri 14:20: 4 days and 5:20 h; working: four times 8 h, 5:20 h
	(13, 303, 'conversation_resolved', '2026-03-02 08:00:00', '2026-03-06 13:20:00', 364800, 134400),
	-- Fri 14:20 to 15:45:01; working until 15:30
	(14, 303, 'conversation_opened', '2026-03-06 13:20:00', '2026-03-06 14:45:01', 5101, 4200),
	-- Fri 15:45 to Mon 09:00:30: 3 days less 6:44:30 h; working: half a minute
	(15, 303, 'reply_time', '2026-03-06 14:45:00', '2026-03-09 08:00:30', 234930, 30),
	-- 304: Fri 18:00 to Sat 02:00; working: 30 min and 2 h
	(16, 304, 'first_response', '2026-03-06 12:30:00', '2026-03-06 20:30:00', 28800, 9000),
	-- Sat 02:30 to Mon 10:30: 56 h; working: 21:29 h of Saturday as Chatwoot has it, 30 min of Monday
	(17, 304, 'reply_time', '2026-03-06 21:00:00', '2026-03-09 05:00:00', 201600, 79140),
	-- 305: no working hours
	(18, 305, 'first_response', '2026-03-10 09:00:00', '2026-03-10 09:00:00', 0, 0),
	(19, 305, 'reply_time', '2026-03-10 10:00:00', '2026-03-10 10:20:00', 1200, 0),
	(20, 305, 'conversation_resolved', '2026-03-10 09:00:00', '2026-03-10 11:30:00', 9000, 0),
	(21, 305, 'conversation_opened', '2026-03-10 11:30:00', '2026-03-10 12:00:00', 1800, 0),
	-- put off and taken up again, which is no reopening
	(22, 305, 'conversation_opened', '2026-03-10 11:30:00', '2026-03-10 13:00:00', 5400, 0),
	-- 307: a row of old, whose only time is when it was written
	(23, 307, 'conversation_resolved', NULL, NULL, 3600, 0)) f(n, conversation, name, since, until, value, business)
JOIN conversations c ON c.id = f.conversation;
