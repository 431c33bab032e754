-- people.sql: the chance of the sample world, its shelf, and the 450 people in it (number 42 is Ann Weber).

-- A number in [0, 1) that depends on nothing but its arguments: the row it is for, and which of its questions it answers.
CREATE FUNCTION sample.draw(row_key bigint, question integer) RETURNS float8 LANGUAGE sql IMMUTABLE AS
$$ SELECT (hashint8extended(row_key, question) & 4294967295) / 4294967296.0::float8 $$;

-- One of the words, chosen by a draw.
CREATE FUNCTION sample.pick(words text[], draw float8) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT words[1 + floor(draw * cardinality(words))::integer] $$;

CREATE TABLE sample.product (place integer PRIMARY KEY, item text, page text, price numeric(10, 2));
INSERT INTO sample.product VALUES      -- from cheap to dear
    (0, 'House Blend, 1 kg',  '/beans/house-blend',    24.90),
    (1, 'Yirgacheffe, 1 kg',  '/beans/yirgacheffe',    32.50),
    (2, 'Moka pot',           '/brewers/moka-pot',     44.00),
    (3, 'Milk frother',       '/extras/milk-frother',  69.00),
    (4, 'Hand grinder',       '/grinders/hand',        89.00),
    (5, 'Brewer Nord',        '/brewers/nord',        129.00),
    (6, 'Grinder Mono',       '/grinders/mono',       249.00),
    (7, 'Aurora 1 espresso',  '/machines/aurora-1',   429.00),
    (8, 'Aurora 2 espresso',  '/machines/aurora-2',   649.00),
    (9, 'Barista Pro',        '/machines/barista-pro', 1190.00);

CREATE TABLE sample.person AS
WITH name AS (      -- 31 and 37 have no common divisor, so every person gets a name of their own
    SELECT '{Anna,Ben,Carla,David,Elif,Felix,Greta,Hugo,Inès,Jürgen,Karin,Leon,Marta,Noah,Olga,Paul,Quentin,Rosa,Samir,
             Tilda,Uwe,Vera,Wanda,Xenia,Yusuf,Zoë,Amir,Britta,Chloé,Dmitri,Emma}'::text[] AS first,
           '{Ackermann,Becker,Çelik,Dietrich,Engel,Fischer,Groß,Hoffmann,Ivanova,Jansen,Krüger,Lehmann,Müller,Nguyen,
             Ostrowski,Peters,Quast,Richter,Schäfer,Tran,Ulrich,Vogel,Wagner,Yılmaz,Zimmermann,Arnold,Braun,Costa,Dubois,
             Ertl,Friedrich,García,Haas,Ito,Jensen,Kaya,Lindström}'::text[] AS last
), casting AS (     -- a persona for every draw between 0 and 1, in proportion to the shares
    SELECT persona, taste,
           (sum(share) OVER w - share)::float8 / sum(share) OVER () AS from_draw,
           (sum(share) OVER w)::float8         / sum(share) OVER () AS to_draw
    FROM sample.persona
    WINDOW w AS (ORDER BY persona COLLATE "C")
), crowd AS (
    SELECT id, first[1 + id * 7 % 31] || ' ' || last[1 + id * 11 % 37] AS full_name
    FROM name, generate_series(1, 450) AS id
    WHERE id <> 42
    UNION ALL
    SELECT 42, 'Ann Weber'
)
SELECT id::bigint, full_name, persona, taste,
       'C-' || lpad(id::text, 5, '0') AS customer_no,
       translate(lower(full_name COLLATE "C"), ' äöüßéèëíçığÇ', '.aouseeeicigc') || '@example.'
           || sample.pick('{com,org,net}', sample.draw(id, 101)) AS email,
       area || local || lpad(id::text, 3, '0') AS national_number,
       sample.pick(ARRAY['+49 ' || area || ' ' || local || ' ' || lpad(id::text, 3, '0'),
                         '0' || area || ' / ' || local || '-' || lpad(id::text, 3, '0'),
                         '0049 ' || area || ' ' || local || lpad(id::text, 3, '0')], sample.draw(id, 102)) AS typed_number,
       sample.draw(id, 103) * 1400 AS appears_after_hours       -- of being awake: 100 days
FROM crowd
JOIN (VALUES (0, '30', '23125'), (1, '40', '66969'), (2, '221', '4710'), (3, '89', '99998'), (4, '69', '90009'))
     AS city (place, area, local) ON place = id % 5
LEFT JOIN casting ON id <> 42 AND sample.draw(id, 104) >= from_draw AND sample.draw(id, 104) < to_draw;

UPDATE sample.person
SET email = 'ann.weber@example.com', national_number = '3023125042', typed_number = '030 / 23125-042'
WHERE id = 42;

-- Those who only call have no e-mail address.
UPDATE sample.person SET email = NULL WHERE persona = 'caller';
