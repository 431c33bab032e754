-- Damaged bytes: an error each time or an equal value, never a crash.
-- Stored bytes are damaged through functions of the server's own, declared over
-- timelines: they give back what they are given, with one byte changed or with
-- the end cut off.
SET search_path = public, crm_timeline;
CREATE FUNCTION with_byte(timeline, int, int) RETURNS timeline
	AS 'byteaSetByte' LANGUAGE internal STRICT IMMUTABLE;
CREATE FUNCTION stored_part(timeline, int, int) RETURNS timeline
	AS 'bytea_substr' LANGUAGE internal STRICT IMMUTABLE;
CREATE FUNCTION stored_byte(timeline, int) RETURNS int
	AS 'byteaGetByte' LANGUAGE internal STRICT IMMUTABLE;
CREATE FUNCTION stored_length(timeline) RETURNS int
	AS 'byteaoctetlen' LANGUAGE internal STRICT IMMUTABLE;

-- values that between them use every encoding
CREATE TABLE sound (name text, t timeline);
INSERT INTO sound VALUES
	('empty', '{}'),
	('one', '{2026-03-01T09:15:00Z a}'),
	('pair', '{2026-03-01T09:15:00Z a channel=web; 2026-03-01T09:15:00Z a channel=web}'),
	('mixed', '{2026-03-01T09:15:00Z complaint channel=phone seq=1 value=12.5 raw=0.3333333333333333 automated=true sentiment=0.5;
		2026-03-01T09:15:00Z refund channel=phone plan=gold seq=9223372036854775807 raw=NaN;
		2026-03-01T09:15:00.000001Z refund plan=7 seq=-9223372036854775808 automated=false sentiment=-1}');
INSERT INTO sound
SELECT 'long', timeline_agg('2026-01-01Z'::timestamptz + i * i * interval '1.5 s', 'k' || i % 3, 'ref', 'r' || i, 'channel',
	CASE WHEN i % 7 = 0 THEN 'web' END, 'value', CASE WHEN i % 5 < 2 THEN i / 4.0 END)
FROM generate_series(1, 1200) i;

-- everything that reads a timeline
CREATE TABLE reader (expression text);
INSERT INTO reader VALUES
	('length($1)'), ('starts_at($1)'), ('ends_at($1)'), ('span($1)'), ('kinds($1)'), ('attributes($1)'),
	('(SELECT count(x) FROM unnest($1) x)'), ('first_interaction($1)'), ('last_interaction($1)'),
	('attribute_texts($1, ''channel'')'), ('attribute_texts($1, ''ref'')'), ('attribute_numbers($1, ''value'')'), ('attribute_numbers($1, ''seq'')'),
	('attribute_sum($1, ''raw'')'), ('attribute_min($1, ''value'')'), ('attribute_max($1, ''value'')'), ('attribute_mean($1, ''value'')'),
	('slice($1, ''[2026-03-01 09:15Z, 2026-03-01 09:15Z]'')'), ('pick_kinds($1, ''a'', ''refund'', ''k1'')'),
	('timeline_union($1, ''{2026-01-05T00:00:00Z a channel=web}'')'), ('timeline_intersection($1, ''{2026-01-05T00:00:00Z a}'')'),
	('timeline_difference(''{2026-01-05T00:00:00Z a}'', $1)'), ('timeline_concat($1, $1)'), ('timeline_overlaps($1, ''[2026-01-05,)''::tstzrange)'),
	('timeline_eq($1, ''{}'')'), ('timeline_cmp($1, ''{}'')'), ('timeline_hash($1)'), ('timeline_hash_extended($1, 0)'),
	('timeline_to_jsonb($1)'), ('timeline_to_bytea($1)'), ('timeline_send($1)'), ('timeline_out($1)'), ('timeline_agg($1)'),
	('timeline_summary($1)'), ('(SELECT count(p) FROM timeline_parts($1, 1) p)'), ('(SELECT count(p) FROM timeline_parts($1, 100) p)'),
	('(SELECT store_agg(p) FROM unnest(ARRAY[$1, ''{2026-01-05T00:00:00Z a channel=web}'', $1]) p)'),
	('may_match($1, ''a@web -> refund'')'), ('$1 @@ ''a@web -> refund''');

-- The outcomes of all readers on a damaged value, by SQLSTATE; 00000 = an answer.
CREATE FUNCTION read_all(timeline) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	e text;
BEGIN
	FOR e IN SELECT expression FROM reader LOOP
		BEGIN
			EXECUTE format('SELECT (%s)::text', e) USING $1;
			RETURN NEXT '00000';
		EXCEPTION WHEN OTHERS THEN
			IF SQLSTATE = 'XX001' THEN
				RETURN NEXT SQLSTATE;
			ELSE
				RETURN NEXT SQLSTATE || ' ' || e || ' ' || left(SQLERRM, 60);
			END IF;
		END;
	END LOOP;
END $$;

-- sound values are read without an error
SELECT name, array_agg(DISTINCT outcome) FROM sound, read_all(t) outcome GROUP BY name ORDER BY name;

-- every byte (of the long value: the first 60 and every 37th), changed in five ways
CREATE TABLE damage AS
SELECT name, position, with_byte(t, position, changed) AS t
FROM sound, generate_series(0, stored_length(t) - 1) position,
	LATERAL (SELECT DISTINCT c FROM unnest(ARRAY[stored_byte(t, position) # 1, stored_byte(t, position) # 128, 0, 127, 255]) c
		WHERE c <> stored_byte(t, position)) v (changed)
WHERE position < 60 OR stored_length(t) < 400 OR position % 37 = 0;
-- cut off anywhere
INSERT INTO damage
SELECT name, position, stored_part(t, 1, position)
FROM sound, generate_series(0, stored_length(t) - 1) position
WHERE position < 60 OR stored_length(t) < 400 OR position % 37 = 0;

SELECT count(*) > 2500 AS many FROM damage;
SELECT outcome, count(*) > 0 AS seen FROM damage, read_all(t) outcome GROUP BY outcome ORDER BY outcome;

-- what is cut off is noticed by every reader that looks behind the header
DO $$
DECLARE
	d record;
BEGIN
	FOR d IN SELECT name, position, stored_part(t, 1, position) AS t FROM sound, generate_series(0, stored_length(t) - 1) position
		WHERE position < 60 OR stored_length(t) < 400 OR position % 37 = 0
	LOOP
		BEGIN
			PERFORM kinds(d.t);
			RAISE NOTICE '% cut to % is accepted', d.name, d.position;
		EXCEPTION WHEN data_corrupted THEN
			NULL;
		END;
	END LOOP;
END $$;

-- the binary form: every byte (behind the 400th every 7th) changed, cut off anywhere: always an error
DO $$
DECLARE
	s record;
	wire bytea;
	damaged bytea;
	tried int := 0;
BEGIN
	FOR s IN SELECT * FROM sound LOOP
		wire := s.t::bytea;
		FOR position IN 0 .. length(wire) - 1 LOOP
			CONTINUE WHEN position > 400 AND position % 7 <> 0;
			FOR variant IN 0 .. 3 LOOP
				damaged := CASE variant
					WHEN 0 THEN set_byte(wire, position, get_byte(wire, position) # 1)
					WHEN 1 THEN set_byte(wire, position, get_byte(wire, position) # 128)
					WHEN 2 THEN set_byte(wire, position, 255 - get_byte(wire, position))
					ELSE substr(wire, 1, position) END;
				tried := tried + 1;
				BEGIN
					PERFORM damaged::timeline;
					RAISE NOTICE '%: byte % variant % is accepted', s.name, position, variant;
				EXCEPTION WHEN data_corrupted OR feature_not_supported THEN
					NULL;
				END;
			END LOOP;
		END LOOP;
	END LOOP;
	RAISE NOTICE 'more than 5000 tried: %', tried > 5000;
END $$;

-- bytes with a right checksum that are not what a writer makes: not canonical, not valid text
CREATE FUNCTION received(timeline) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN timeline_send($1)::timeline = $1;
EXCEPTION WHEN data_corrupted THEN
	RETURN 'refused';
END $$;
SELECT name, array_agg(DISTINCT result ORDER BY result) AS results
FROM (SELECT name, received(t) AS result FROM damage) v
GROUP BY name ORDER BY name;
DROP TABLE damage, sound, reader;
DROP FUNCTION received, read_all, with_byte, stored_part, stored_byte, stored_length;
