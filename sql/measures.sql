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
