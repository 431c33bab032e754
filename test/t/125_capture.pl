# Capture: what triggers make of a statement's rows, whatever the expressions are, and whatever becomes of the functions and
# columns that they use in a session that has used them. That refresh and store make the right thing of it is tested with them.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use PostgreSQL::Test::Utils;
use Test::More;
use Server;

my $node = server('capture');

# The answer of one statement in a database, or its error.
sub ask { return outcome($node, @_) }

# ---- expressions that call their table by its name, and take its row, over partitions that have another one ---

$node->safe_psql('postgres', 'CREATE DATABASE named');
$node->safe_psql('named', <<'SQL');
CREATE EXTENSION crm_timeline;
CREATE TABLE note (gone int, id int PRIMARY KEY, email text, at timestamptz) PARTITION BY RANGE (id);
CREATE TABLE first_notes (at timestamptz, email text, lost int, id int NOT NULL, gone int);
ALTER TABLE first_notes DROP COLUMN lost;
ALTER TABLE note ATTACH PARTITION first_notes FOR VALUES FROM (0) TO (100);
CREATE TABLE later_notes PARTITION OF note FOR VALUES FROM (100) TO (200);
ALTER TABLE note DROP COLUMN gone;
CREATE TABLE letter (LIKE note);
CREATE FUNCTION whose(note) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower(($1).email)';
CREATE FUNCTION whose(letter) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN lower(($1).email); END';
SELECT crm_timeline.add_source(t, t::regclass, occurred_at => t || '.at', kind => quote_literal(t), keys => ARRAY['email: public.whose(' || t || ')', 'nick: ' || t || '.email'],
	filter => t || '.id <> 7 OR ' || t || '.id IS NULL', ref => 'id') FROM unnest(ARRAY['note', 'letter']) t;
CALL crm_timeline.refresh();
CALL crm_timeline.create_suggested_indexes();
INSERT INTO note SELECT n, 'Ann' || n || '@Example.com', '2026-01-01Z' FROM generate_series(6, 8) n;
INSERT INTO letter SELECT n, 'Ann' || n || '@Example.com', '2026-01-01Z' FROM generate_series(6, 8) n;
SQL
is(ask('named', 'SELECT source, identity, starts_at, problem FROM crm_timeline.dirty_log ORDER BY 1, 2'), <<'SQL' =~ s/\n$//r, 'what they wrote is noted');
letter|email:ann6@example.com|2026-01-01 00:00:00+00|
letter|email:ann8@example.com|2026-01-01 00:00:00+00|
note|email:ann6@example.com|2026-01-01 00:00:00+00|
note|email:ann8@example.com|2026-01-01 00:00:00+00|
SQL
$node->safe_psql('named', <<'SQL');
CALL crm_timeline.refresh();
UPDATE note SET id = 106, email = 'Bob@Example.com' WHERE id = 6;
UPDATE first_notes SET email = 'Carl@Example.com' WHERE id = 8;
UPDATE letter SET email = upper(email) WHERE id = 6;
DELETE FROM letter WHERE id > 6;
SQL
is(ask('named', 'SELECT source, identity, problem FROM crm_timeline.dirty_log ORDER BY 1, 2'), <<'SQL' =~ s/\n$//r, 'both of a row that moves');
letter|email:ann6@example.com|
letter|email:ann8@example.com|
note|email:ann6@example.com|
note|email:ann8@example.com|
note|email:bob@example.com|
note|email:carl@example.com|
SQL
$node->safe_psql('named', 'CALL crm_timeline.refresh()');
is(ask('named', 'SELECT * FROM crm_timeline.verify()'), '', 'the store has it');
is(ask('named', 'SELECT count(*), bool_and(present) FROM crm_timeline.suggested_indexes()'), '6|t', 'partitions have their indexes');
# a function that becomes another one, in a session that has evaluated it
my $session = <<'SQL';
INSERT INTO letter VALUES (20, 'dora@example.com', '2026-01-02Z');
CREATE OR REPLACE FUNCTION whose(letter) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN 'new' || ($1).email; END $$;
INSERT INTO letter VALUES (21, 'dora@example.com', '2026-01-02Z');
ALTER TABLE letter ADD COLUMN more int DEFAULT 5;
INSERT INTO letter VALUES (22, 'emil@example.com', '2026-01-02Z', 6);
ALTER FUNCTION whose(letter) STABLE;
INSERT INTO letter VALUES (23, 'fred@example.com', '2026-01-02Z', 6);
SELECT identity, problem IS NOT NULL FROM crm_timeline.dirty_log;
SQL
is(ask('named', "DROP INDEX " . ask('named', "SELECT string_agg(indexrelid::regclass::text, ', ') FROM pg_index WHERE indrelid = 'letter'::regclass AND NOT indisprimary") . ";\n$session"), <<'SQL' =~ s/\n$//r, 'and when their functions and tables change; one that asks for more than the row has no row to take');
email:dora@example.com|f
email:newdora@example.com|f
email:newemil@example.com|f
|t
SQL

# ---- expressions whose type changes ----------------------------------------------------------------------

$node->safe_psql('postgres', 'CREATE DATABASE types');
$node->safe_psql('types', <<'SQL');
CREATE EXTENSION crm_timeline;
CREATE TABLE conv (id int PRIMARY KEY, contact int, who crm_timeline.identity);
CREATE TABLE msg (id int PRIMARY KEY, conv int, at timestamptz);
CREATE VIEW msg_of AS SELECT m.id, m.at, c.contact FROM msg m JOIN conv c ON c.id = m.conv;
CREATE FUNCTION whose(int) RETURNS crm_timeline.identity STABLE LANGUAGE sql AS
	$$ SELECT crm_timeline.identity('contact', c.contact::text) FROM public.conv c WHERE c.id = $1 $$;
SELECT crm_timeline.add_source('m', 'msg_of', occurred_at => 'at', kind => $$'m'$$, keys => ARRAY['contact: contact'], ref => 'id',
	depends_on => ARRAY['public.conv: who', 'public.msg: public.whose(conv)']);
CALL crm_timeline.refresh();
SQL
my $types = <<'SQL';
INSERT INTO conv VALUES (1, 1, 'contact:1');
INSERT INTO msg VALUES (1, 1, '2026-01-01Z');
DROP FUNCTION whose(int);
CREATE FUNCTION whose(int) RETURNS bigint LANGUAGE sql STABLE AS 'SELECT 12345::bigint';
INSERT INTO msg VALUES (2, 1, '2026-01-01Z');
ALTER TABLE conv ALTER who TYPE bigint USING 12345;
INSERT INTO conv VALUES (3, 7, 3);
SELECT identity, problem FROM crm_timeline.dirty_log;
SQL
is(ask('types', $types), <<'SQL' =~ s/\n$//r, 'is a problem of the source, and no identity');
contact:1|
contact:1|
|an expression is of type bigint now, and was of type crm_timeline.identity when the source was registered
|an expression is of type bigint now, and was of type crm_timeline.identity when the source was registered
SQL

# ---- functions that are evaluated once ------------------------------------------------------------------

$node->safe_psql('postgres', 'CREATE DATABASE folded');
$node->safe_psql('folded', <<'SQL');
CREATE EXTENSION crm_timeline;
CREATE FUNCTION cutoff() RETURNS timestamptz IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN '2026-06-01Z'::timestamptz; END $$;
CREATE TABLE t (id int PRIMARY KEY, email text, at timestamptz);
SELECT crm_timeline.add_source('t', 't', occurred_at => 'at', kind => $$'m'$$, keys => ARRAY['email: email'], filter => 'at >= public.cutoff()');
CALL crm_timeline.refresh();
SQL
is(ask('folded', <<'SQL'), "0\n1", 'a function of constants that is made anew, in a session that has used it');
INSERT INTO t VALUES (1, 'a@example.com', '2026-03-01Z');
SELECT count(*) FROM crm_timeline.dirty_log;
CREATE OR REPLACE FUNCTION cutoff() RETURNS timestamptz IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN '2026-01-01Z'::timestamptz; END $$;
INSERT INTO t VALUES (2, 'b@example.com', '2026-03-01Z');
SELECT count(*) FROM crm_timeline.dirty_log;
SQL
is(ask('folded', 'BEGIN; UPDATE t SET email = email WHERE id = -1; SELECT pg_current_xact_id_if_assigned() IS NULL; COMMIT'), 't', 'a statement that writes nothing takes no number');

# ---- functions that lie -------------------------------------------------------------------------------------

# while the first key is evaluated a function of the second is made anew, and the same table is written to
$node->safe_psql('postgres', 'CREATE DATABASE liars');
$node->safe_psql('liars', <<'SQL');
CREATE EXTENSION crm_timeline;
CREATE TABLE t (id int PRIMARY KEY, email text, at timestamptz);
CREATE FUNCTION other(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN $1; END $$;
CREATE FUNCTION does(int) RETURNS text VOLATILE LANGUAGE plpgsql AS $$
BEGIN
	IF $1 BETWEEN 1 AND 20 THEN
		EXECUTE format('CREATE OR REPLACE FUNCTION public.other(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS %L', format('BEGIN RETURN $1 || %L; END', $1));
		INSERT INTO public.t VALUES ($1 + 100, 'x@example.com', '2026-01-01Z');
	END IF;
	RETURN 'k' || $1;
END $$;
CREATE FUNCTION liar(int) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ DECLARE r text; BEGIN SELECT public.does($1) INTO r; RETURN r; END $$;
SELECT crm_timeline.add_source('t', 't', occurred_at => 'at', kind => $$'m'$$, keys => ARRAY['email: public.liar(id) || ''@'' || public.other(email)', 'nick: public.other(email)']);
CALL crm_timeline.refresh();
SQL
like(ask('liars', join("\n", map { "INSERT INTO t VALUES ($_, 'a\@example.com', '2026-01-01Z');" } 1 .. 20) . ' SELECT count(*) > 20 FROM crm_timeline.dirty_log'), qr/^t$/, 'do not bring the server down');

# ---- how long marks have to wait ------------------------------------------------------------------------------

$node->safe_psql('postgres', 'CREATE DATABASE steps');
$node->safe_psql('steps', <<'SQL');
CREATE EXTENSION crm_timeline;
CREATE EXTENSION postgres_fdw;
CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw;
CREATE TABLE person (id int PRIMARY KEY, email text);
CREATE TABLE talk (id int PRIMARY KEY, person int);
CREATE TABLE note (id int PRIMARY KEY, talk int, at timestamptz, email text);
CREATE FOREIGN TABLE distant (id int, email text) SERVER elsewhere;
CREATE VIEW of_person AS SELECT n.id, n.at, p.email FROM note n JOIN talk t ON t.id = n.talk JOIN person p ON p.id = t.person;
CREATE VIEW owner_of_talk AS SELECT t.id, p.email FROM talk t JOIN person p ON p.id = t.person;
CREATE FUNCTION whose(int) RETURNS text STABLE LANGUAGE sql AS 'SELECT email FROM public.person WHERE id = $1';
CREATE FUNCTION steps(VARIADIC depends_on text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text;
BEGIN
	PERFORM crm_timeline.add_source('n', 'of_person', occurred_at => 'at', kind => '''n''', keys => ARRAY['email: email'], ref => 'id', depends_on => steps.depends_on);
	SELECT concat_ws(' ', coalesce(s.lookups::text, 'unknown'), CASE WHEN crm_timeline.is_stored(s) THEN 'stored' ELSE 'live' END) INTO result FROM crm_timeline.source s;
	PERFORM crm_timeline.drop_source('n');
	RETURN result;
END $$;
SQL
my $person = q{'public.person: email: email'};
my $talk = q{'public.talk: email: (SELECT p.email FROM public.person p WHERE p.id = talk.person)'};
for my $case (
	[ 'each row tells by itself', '0 stored', q{'public.note: email: email'} ],
	[ 'a table that is looked up', '1 stored', "$person, $talk" ],
	[ 'two, one in the other', '2 stored', "$person, $talk, 'public.note: email: (SELECT p.email FROM public.talk t JOIN public.person p ON p.id = t.person WHERE t.id = talk)'" ],
	[ 'the same by a view', '2 stored', "$person, $talk, 'public.note: email: (SELECT o.email FROM public.owner_of_talk o WHERE o.id = talk)'" ],
	[ 'a table in itself', '3 stored', "$person, 'public.note: email: (SELECT p.email FROM public.note u JOIN public.note v ON v.id = u.talk JOIN public.person p ON p.id = v.talk WHERE u.id = note.talk)'" ],
	[ 'where every table looks up', 'unknown live', q{'public.note: email: (SELECT u.email FROM public.note u WHERE u.id = note.talk)'} ],
	[ 'a function that may read anything', 'unknown live', "$person, 'public.note: email: public.whose(talk)'" ],
	[ 'two that look each other up', 'unknown live', "$person, 'public.note: email: (SELECT o.email FROM public.of_person o WHERE o.id = note.id)',
		'public.talk: email: (SELECT o.email FROM public.of_person o JOIN public.note n ON n.id = o.id WHERE n.talk = talk.id LIMIT 1)'" ],
	[ 'again and again', 'unknown live', "$person, 'public.note: email: (WITH RECURSIVE up AS (SELECT note.talk AS id UNION ALL SELECT t.person FROM up JOIN public.talk t ON t.id = up.id)
		SELECT p.email FROM up JOIN public.person p ON p.id = up.id LIMIT 1)'" ],
	[ 'a foreign table', 'unknown live', "$person, 'public.note: email: (SELECT d.email FROM public.distant d WHERE d.id = talk)'" ])
{
	my ($name, $expected, $depends_on) = @$case;
	is(ask('steps', "SELECT steps($depends_on)"), $expected, "$name: $expected");
}
like(($node->psql('steps', "SELECT steps('public.note: email: public.whose(talk)')"))[2], qr/NOTICE:  source "n" is read each time: /, 'and is told');

# ---- rows that fail ------------------------------------------------------------------------------------------------

$node->safe_psql('postgres', 'CREATE DATABASE failing');
$node->safe_psql('failing', <<'SQL');
CREATE EXTENSION crm_timeline;
CREATE TABLE t (id int PRIMARY KEY, email text, at timestamptz, n int);
INSERT INTO t SELECT g, 'p' || g || '@example.com', '2026-01-01Z', g FROM generate_series(1, 5) g;
CREATE VIEW fenced AS SELECT id, email, at, 10 / (n - 3) AS q FROM t ORDER BY id OFFSET 0;
SELECT crm_timeline.add_source('view', 'fenced', occurred_at => 'at', kind => $$'m'$$, keys => ARRAY['email: email'], value => 'q', ref => 'id', depends_on => ARRAY['public.t: email: email']);
SELECT crm_timeline.add_source('keys', 't', occurred_at => 'at', kind => $$'m'$$, keys => ARRAY(SELECT format('k%s: id + %s', g, g) FROM generate_series(1, 60) g), stored => false);
SQL
is(ask('failing', "SELECT * FROM crm_timeline.failing_row('view')"), 'relation|2|division by zero', 'a view that fails itself: the row before');
is(ask('failing', "SELECT * FROM crm_timeline.failing_row('keys')"), '||', 'sixty keys, and none fails');
is(ask('failing', "SELECT * FROM crm_timeline.failing_row('nobody')"), 'ERROR:  there is no source "nobody"', 'no such source');

$node->stop;
done_testing();
