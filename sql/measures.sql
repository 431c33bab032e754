-- Definitions and the measures of one customer: worked numbers, and what the definitions of a firm change.
-- The extension is loaded; what is printed must not depend on any setting.
SET search_path = public, crm_timeline;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';

-- a text names what differs; events are alternatives of tests, however they are grouped
SELECT ''::definitions = definitions() AS defaults, definitions()::text::definitions = definitions() AS round_trip,
	'poor: visit | (hit@web | any[kind = error])'::definitions = 'poor: (visit | hit@web | any[kind = error])' AS alternatives,
	substring('poor: visit | hit@web'::definitions::text FROM 'poor: [^;]*') AS poor;
SELECT event_count('{2026-01-01T10:00Z visit; 2026-01-01T11:00Z hit channel=web; 2026-01-01T12:00Z hit channel=app; 2026-01-01T13:00Z error}', 'poor', '(,)',
	d::definitions), d FROM unnest('{"", "poor: visit", "poor: visit | hit@web", "poor: any"}'::text[]) d;

-- of a cap between two numbers, the next number is the one that is too many
SELECT p.cap, p.touches, p.is_over, p.allowed_at
FROM unnest('{0, 0.5, 1, 1.5, 2, 2.5}'::float8[]) c, pressure('{2026-01-01T00:00Z push direction=outbound; 2026-01-02T00:00Z push direction=outbound; 2026-01-03T00:00Z push direction=outbound}',
	('pressure_within = 1 week; pressure_cap = ' || c)::definitions, '2026-01-04') p;

-- asking again in a wait that a reopening began goes back to the reopening, not to a wait before
SELECT item, occurred_at, earlier_at, ref, earlier_ref
FROM friction_items('{2026-01-01T10:00Z message direction=inbound thread=T ref=first; 2026-01-01T10:30Z reply direction=outbound thread=T;
	2026-01-02T10:00Z reopened thread=T ref=reopened; 2026-01-02T10:59Z message direction=inbound thread=T ref=soon; 2026-01-02T11:00Z message direction=inbound thread=T ref=again}', as_of => '2026-01-02T12:00Z') WHERE item = 'repeat';

-- a transfer without an agent and the change of agent after it are one, also where the one before says a word in between
SELECT name, c.stations, c.handlers, c.transfers FROM (VALUES
	('A, T, B', '{2026-01-01T10:00Z reply agent=A thread=T; 2026-01-01T11:00Z transfer thread=T; 2026-01-01T12:00Z reply agent=B thread=T}'::timeline),
	('A, T, A, B', '{2026-01-01T10:00Z reply agent=A thread=T; 2026-01-01T11:00Z transfer thread=T; 2026-01-01T11:01Z reply agent=A thread=T; 2026-01-01T12:00Z reply agent=B thread=T}'),
	('A, T, T, B', '{2026-01-01T10:00Z reply agent=A thread=T; 2026-01-01T11:00Z transfer thread=T; 2026-01-01T11:01Z handover thread=T; 2026-01-01T12:00Z reply agent=B thread=T}'),
	('A, T of B', '{2026-01-01T10:00Z reply agent=A thread=T; 2026-01-01T11:00Z transfer agent=B thread=T}'),
	('A, T, T of B', '{2026-01-01T10:00Z reply agent=A thread=T; 2026-01-01T11:00Z transfer thread=T; 2026-01-01T12:00Z transfer agent=B thread=T}'),
	('T, A, B', '{2026-01-01T10:00Z transfer thread=T; 2026-01-01T11:00Z reply agent=A thread=T; 2026-01-01T12:00Z reply agent=B thread=T}'),
	('A, T, B, A', '{2026-01-01T10:00Z reply agent=A thread=T; 2026-01-01T11:00Z transfer agent=B direction=internal thread=T; 2026-01-01T12:00Z reply agent=B thread=T; 2026-01-01T13:00Z reply agent=A thread=T}'))
	v (name, t), conversations(t, as_of => 'infinity') c;

-- as of infinity everything is seen; silence has no end then
SELECT * FROM baseline('{2026-01-01T10:00Z call direction=inbound channel=phone; 2026-01-03T10:00Z ticket direction=inbound channel=web; 2026-01-04T10:00Z ticket direction=inbound channel=web}', as_of => 'infinity');
