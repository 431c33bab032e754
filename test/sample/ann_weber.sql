-- ann_weber.sql: three weeks of March with customer 42, Ann Weber, in the words of stories.sql but written by hand.
-- Told on five channels, seen in full by none of them; the reply to her e-mail comes a day after the refund.

INSERT INTO sample.happening
       (person, chapter, step, at, act, via, ticket_in_chapter, words, item, price, device, agent, rating,
        queue_seconds, talk_seconds)
SELECT 42, 1, step, at::timestamp AT TIME ZONE 'Europe/Berlin', act, via, ticket, words, 'Aurora 2 espresso', 649.00, 1,
       agent, rating, queue, talk
FROM (VALUES
    ( 1, '2026-03-02 20:12:08', 'look',     NULL,    0, '/machines/aurora-2',                      NULL,    NULL,   0,   0),
    ( 2, '2026-03-02 20:19:41', 'look',     NULL,    0, '/reviews/machines/aurora-2',              NULL,    NULL,   0,   0),
    ( 3, '2026-03-04 12:31:15', 'ticket',   'chat',  1, 'Does it fit under a 38 cm shelf?',        NULL,    NULL,   0,   0),
    ( 4, '2026-03-04 12:33:02', 'reply',    NULL,    1, 'It does: it is 36 cm high.',              'Mira',  NULL,   0,   0),
    ( 5, '2026-03-07 10:05:27', 'login',    NULL,    1, '/login',                                  NULL,    NULL,   0,   0),
    ( 6, '2026-03-07 10:11:50', 'order',    'web',   1, NULL,                                      NULL,    NULL,   0,   0),
    ( 7, '2026-03-12 08:40:33', 'look',     NULL,    1, '/account/orders',                         NULL,    NULL,   0,   0),
    ( 8, '2026-03-12 08:52:19', 'ticket',   'email', 2, 'Where is my Aurora 2?',                   NULL,    NULL,   0,   0),
    ( 9, '2026-03-12 08:52:19', 'bot',      NULL,    2, 'We have received your request.',          NULL,    NULL,   0,   0),
    (10, '2026-03-14 09:30:04', 'hangup',   NULL,    2, NULL,                                      NULL,    NULL, 560,   0),
    (11, '2026-03-16 10:02:46', 'call',     NULL,    2, 'parcel lost? knew nothing of the e-mail', 'Tom',   NULL, 251, 184),
    (12, '2026-03-16 10:10:11', 'transfer', NULL,    2, 'told it all again; refund agreed',        'Inga',  NULL,  65, 437),
    (13, '2026-03-16 15:20:00', 'note',     NULL,    2, 'Carrier confirms: parcel lost.',          'Jonas', NULL,   0,   0),
    (14, '2026-03-17 11:04:38', 'refund',   NULL,    2, NULL,                                      NULL,    NULL,   0,   0),
    (15, '2026-03-18 09:15:52', 'reply',    NULL,    2, 'We are looking into it.',                 'Jonas', NULL,   0,   0),
    (16, '2026-03-20 19:45:10', 'nps',      NULL,    2, 'I had to start again every time.',        NULL,    3,      0,   0)
) AS story (step, at, act, via, ticket, words, agent, rating, queue, talk);
