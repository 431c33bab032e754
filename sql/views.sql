-- What people read: briefings, relative times, lists. The texts of every language, hostile contexts and
-- other encodings are tested in test/t/150_briefing.pl.
SET search_path = public, crm_timeline;
SET client_encoding = 'UTF8';
SET intervalstyle = 'postgres';
\pset format unaligned
\pset tuples_only on

CREATE TEMP TABLE known AS SELECT jsonb '{
  "customer_id": 42, "as_of": "2026-06-30T10:00:00+00:00", "identities": ["email:ann@example.com", "phone:+4930231250"],
  "since": "2024-03-01T09:00:00+00:00", "interactions": 37, "value": 149.9,
  "last": {"occurred_at": "2026-06-30T10:00:00+02:00", "kind": "call", "channel": "phone", "direction": "inbound", "agent": "Mia",
           "outcome": "answered", "summary": "wants to return\nthe grinder"},
  "waiting": {"since": "2026-06-27T09:30:00+00:00", "thread": "T-1", "channel": "email", "kind": "ticket", "attempts": 3, "over_target": true},
  "open_threads": [{"thread": "T-1", "channel": "email", "kind": "ticket"}, {"thread": "C-8", "channel": "chat", "attempts": 1}],
  "told": [{"occurred_at": "2026-06-29T10:00:00+00:00", "channel": "chat", "kind": "message", "summary": "machine leaks"}],
  "mood": {"value": -0.42, "slope": -0.1, "last": -1, "n": 5},
  "scores": [{"scale": "csat", "score": 2, "occurred_at": "2026-06-20T10:00:00+00:00"}, {"scale": "stars", "score": 4}],
  "friction": {"score": 4.5, "items": {"error": 1, "slow_wait": 2, "repeat": 1, "our own": 7}},
  "pressure": {"touches": 5, "days": 7, "cap": 3}, "stages": {"purchase": "at risk"},
  "preferences": {"channel": "phone", "hour": 10, "language": "de"},
  "avoid": ["asking_again", "transfer", "another_touch", "offers", "channel_switch", "irony"], "unknown": {"to": ["us"]}}' AS context;
SELECT briefing_text(context, 'en') FROM known;
SELECT briefing_text(context, 'de_AT') FROM known;
SELECT briefing_text(context, 'pt-BR') = briefing_text(context, 'en') AS no_messages FROM known;

-- What is not known is left out.
SELECT l, briefing_text('{}', l) FROM unnest('{en,de,fr,es,ar,ja,tr,pl}'::text[]) AS l;
SELECT briefing_text(NULL, 'en') IS NULL, briefing_text('{}', NULL) IS NULL;
SELECT briefing_text('{"customer_id": -7, "last": null, "told": [null, {}], "waiting": {}, "mood": {}, "avoid": []}', 'en');
SELECT briefing_text(context - 'as_of' - 'since', 'en') FROM known;

-- Plurals
SELECT briefing_text(jsonb_build_object('interactions', n), 'pl') FROM unnest('{0,1,2,5,21,22,25,112}'::int[]) AS n;
SELECT briefing_text(jsonb_build_object('interactions', n), 'ar-u-nu-latn') FROM unnest('{0,1,2,3,11,100}'::int[]) AS n;

-- Of many the first are shown.
SELECT briefing_text(jsonb_build_object('told', (SELECT jsonb_agg(jsonb_build_object('summary', 's' || i)) FROM generate_series(1, 8) AS i),
    'avoid', (SELECT jsonb_agg('w' || i) FROM generate_series(1, 10) AS i)), 'en');
SELECT length(briefing_text(jsonb_build_object('last', jsonb_build_object('summary', repeat('word ', 100000))), 'en'));

-- Errors
\set VERBOSITY default
SELECT briefing_text('[]', 'en');
SELECT briefing_text('"text"', 'en');
SELECT briefing_text('{"customer_id": "42"}', 'en');
SELECT briefing_text('{"customer_id": 1.5}', 'en');
SELECT briefing_text('{"as_of": "2026-06-30 10:00"}', 'en');
SELECT briefing_text('{"since": "2026-02-30T10:00:00Z"}', 'en');
SELECT briefing_text('{"interactions": 1.5}', 'en');
SELECT briefing_text('{"value": 1e20}', 'en');
SELECT briefing_text('{"last": "call"}', 'en');
SELECT briefing_text('{"last": {"kind": 1}}', 'en');
SELECT briefing_text('{"waiting": {"attempts": -1}}', 'en');
SELECT briefing_text('{"waiting": {"over_target": "yes"}}', 'en');
SELECT briefing_text('{"told": [{}, {"summary": ["x"]}]}', 'en');
SELECT briefing_text('{"friction": {"items": {"repeat": true}}}', 'en');
SELECT briefing_text('{"stages": {"purchase": 1}}', 'en');
SELECT briefing_text('{"preferences": {"hour": 24}}', 'en');
SELECT briefing_text('{"avoid": ["offers", {}]}', 'en');
SELECT briefing_text('{}', '');
SELECT briefing_text('{}', 'en us');
SELECT briefing_text('{}', E'en\n');
SELECT briefing_text('{}', repeat('x', 101));

-- Relative times: whole units of the largest of which there are two.
SELECT ago, relative_time(timestamptz '2026-06-30 10:00+00' - ago, '2026-06-30 10:00+00', 'en') AS en,
       relative_time(timestamptz '2026-06-30 10:00+00' - ago, '2026-06-30 10:00+00', 'pl') AS pl
FROM unnest('{0,59.9 sec,60 sec,119 min,120 min,47:59:59,48:00,13 days 23:59,14 days,-30 sec,-1 min,-36:00,-21 days}'::interval[]) AS ago;
SELECT at, relative_time(at, '2026-06-30 10:00+00', 'de')
FROM unnest('{2026-05-01 10:00+00,2026-04-30 10:00:01+00,2026-04-30 10:00+00,2024-06-30 10:00:01+00,2024-06-30 10:00+00,2028-06-29 10:00+00,2028-06-30 10:00+00}'::timestamptz[]) AS at;
SELECT relative_time('infinity', '2026-06-30', 'en') IS NULL, relative_time('2026-06-30', '-infinity', 'en') IS NULL, relative_time(NULL, '2026-06-30', 'en') IS NULL;
SELECT relative_time('4713-01-01 BC', '294276-12-31', 'en-u-nu-latn'), relative_time('294276-12-31', '4713-01-01 BC', 'fr') ~ '^dans 298';
SELECT l, relative_time('2026-06-01', '2026-06-04', l) FROM unnest('{en,pt-BR,xx,C}'::text[]) AS l;
SELECT relative_time(now(), now(), 'no one');

-- Lists
SELECT l, list_text('{a,NULL,b,c}', l) FROM unnest('{en,de,fr,es,pt-BR,ja,tr,pl}'::text[]) AS l;
SELECT list_text('{}', 'en') = '', list_text('{a}', 'en'), list_text('{a,b}', 'en'), list_text('{{a,b},{c,d}}', 'en'), list_text('{NULL}', 'en') = '';
SELECT list_text('{agua,iglesia}', 'es');
SELECT list_text(array_fill('x'::text, ARRAY[100001]), 'en');
SELECT list_text('{a}', '');
