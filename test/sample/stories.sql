-- stories.sql: what can happen to a customer, as tables: persona -> chapters of a life -> steps of a story.
-- Everything here lives in the schema "sample", which crm.sql drops at the end.

CREATE SCHEMA sample;

-- Who there is. share: how many in a hundred or so; taste: above 1 leans towards the dear products, below 1 to the cheap.
CREATE TABLE sample.persona (persona text PRIMARY KEY, share integer NOT NULL, taste float8 NOT NULL);
INSERT INTO sample.persona VALUES
    ('loyal',      20, 1.0),    -- comes back again and again
    ('advised',    11, 2.5),    -- asks first, then buys something good
    ('one-time',   13, 0.6),    -- buys once
    ('lapsed',     10, 0.8),    -- bought twice, then nothing
    ('rescued',    10, 1.2),    -- had a problem, was answered, came back
    ('let down',   10, 1.2),    -- had a problem, was not answered
    ('betrayed',    5, 1.5),    -- a good customer until then
    ('shuttled',    6, 1.4),    -- complains on every channel there is
    ('caller',      6, 0.9),    -- has no e-mail address, only a telephone
    ('ignored',     5, 0.7),    -- asks, asks again, gives up
    ('hung up on',  4, 1.8),    -- never gets out of the queue
    ('looker',      5, 1.0),    -- has an account, buys nothing
    ('stranger',   12, 1.0);    -- never says who it is: a cookie without a contact

-- Which stories they live through, and when: days after they first appear, give or take (0 to spread days later).
CREATE TABLE sample.chapter (persona text, chapter integer, story text, after_days integer, spread_days integer,
                             PRIMARY KEY (persona, chapter));
INSERT INTO sample.chapter VALUES
    ('loyal',      1, 'first order',    0,  0), ('loyal',      2, 'order again',   25, 20),
    ('loyal',      3, 'order again',   60, 25), ('loyal',      4, 'order again',  100, 30),
    ('advised',    1, 'good advice',    0,  0), ('advised',    2, 'order again',   40, 40),
    ('one-time',   1, 'first order',    0,  0), ('one-time',   2, 'just looking',  20, 40),
    ('lapsed',     1, 'first order',    0,  0), ('lapsed',     2, 'order again',   15, 15),
    ('rescued',    1, 'late, answered', 0,  0), ('rescued',    2, 'order again',   35, 25),
    ('rescued',    3, 'order again',   75, 30),
    ('let down',   1, 'late, silence',  0,  0), ('let down',   2, 'just looking',  45, 30),
    ('betrayed',   1, 'first order',    0,  0), ('betrayed',   2, 'order again',   25, 15),
    ('betrayed',   3, 'late, silence', 60, 20),
    ('shuttled',   1, 'pillar to post', 0,  0),
    ('caller',     1, 'phone order',    0,  0), ('caller',     2, 'phone help',    20, 20),
    ('caller',     3, 'phone order',   60, 30),
    ('ignored',    1, 'first order',    0,  0), ('ignored',    2, 'no answer',     15, 25),
    ('hung up on', 1, 'first order',    0,  0), ('hung up on', 2, 'endless queue', 10, 30),
    ('looker',     1, 'member',         0,  0), ('looker',     2, 'just looking',  20, 20),
    ('looker',     3, 'just looking',  60, 20),
    ('stranger',   1, 'just looking',   0,  0), ('stranger',   2, 'just looking',   5, 30);

-- The steps. after and spread: how long after the step before it, counted in hours in which people are awake (a day has
-- fourteen); chance: how often it happens at all; words: alternatives separated by |, {item} and {page} are the product;
-- low and high: minutes in the queue of a call, or the answer to a survey.
CREATE TABLE sample.step (story text, step integer, after interval, spread interval, chance float8, act text, via text,
                          words text, low integer, high integer, PRIMARY KEY (story, step));
INSERT INTO sample.step VALUES
    ('just looking',    1, '0',       '0',      1.0, 'look',     NULL,    '/|/machines|/grinders|/offers', NULL, NULL),
    ('just looking',    2, '40 sec',  '3 min',  1.0, 'look',     NULL,    '{page}', NULL, NULL),
    ('just looking',    3, '1 min',   '5 min',  0.6, 'look',     NULL,    '/reviews{page}|/compare', NULL, NULL),
    ('just looking',    4, '1 min',   '9 min',  0.3, 'look',     NULL,    '/cart', NULL, NULL),

    ('member',          1, '0',       '0',      1.0, 'look',     NULL,    '/|/offers', NULL, NULL),
    ('member',          2, '1 min',   '3 min',  1.0, 'look',     NULL,    '{page}', NULL, NULL),
    ('member',          3, '1 min',   '3 min',  1.0, 'login',    NULL,    '/login', NULL, NULL),
    ('member',          4, '1 min',   '5 min',  0.7, 'look',     NULL,    '/cart', NULL, NULL),

    ('first order',     1, '0',       '0',      1.0, 'look',     NULL,    '/|/machines|/grinders', NULL, NULL),
    ('first order',     2, '30 sec',  '4 min',  1.0, 'look',     NULL,    '{page}', NULL, NULL),
    ('first order',     3, '1 min',   '6 min',  0.6, 'look',     NULL,    '/reviews{page}', NULL, NULL),
    ('first order',     4, '2 hours', '3 days', 0.8, 'look',     NULL,    '{page}', NULL, NULL),
    ('first order',     5, '1 min',   '3 min',  1.0, 'login',    NULL,    '/login', NULL, NULL),
    ('first order',     6, '1 min',   '3 min',  0.9, 'look',     NULL,    '/cart', NULL, NULL),
    ('first order',     7, '1 min',   '6 min',  1.0, 'order',    'web',   NULL, NULL, NULL),
    ('first order',     8, '1 day',   '3 days', 1.0, 'deliver',  NULL,    NULL, NULL, NULL),
    ('first order',     9, '1 day',   '2 days', 0.4, 'csat',     NULL,    'All fine.|Quick delivery.||', 4, 5),

    ('order again',     1, '0',       '0',      0.9, 'look',     NULL,    '/offers|/beans|/', NULL, NULL),
    ('order again',     2, '1 min',   '3 min',  0.9, 'login',    NULL,    '/login', NULL, NULL),
    ('order again',     3, '1 min',   '4 min',  1.0, 'look',     NULL,    '{page}', NULL, NULL),
    ('order again',     4, '1 min',   '6 min',  1.0, 'order',    'web',   NULL, NULL, NULL),
    ('order again',     5, '1 day',   '3 days', 1.0, 'deliver',  NULL,    NULL, NULL, NULL),
    ('order again',     6, '2 days',  '3 days', 0.3, 'nps',      NULL,    'I tell everybody.|Never a problem.||', 8, 10),

    ('good advice',     1, '0',       '0',      1.0, 'look',     NULL,    '{page}', NULL, NULL),
    ('good advice',     2, '1 min',   '4 min',  1.0, 'look',     NULL,    '/compare', NULL, NULL),
    ('good advice',     3, '1 min',   '4 min',  1.0, 'ticket',   'chat',  'Is the {item} loud?|Which grinder for the {item}?', NULL, NULL),
    ('good advice',     4, '40 sec',  '3 min',  1.0, 'reply',    NULL,    'Good question! Let me look that up.', NULL, NULL),
    ('good advice',     5, '1 min',   '2 min',  0.8, 'message',  NULL,    'And is it easy to clean?|How long is the warranty?', NULL, NULL),
    ('good advice',     6, '1 min',   '3 min',  1.0, 'reply',    NULL,    'Yes. And it may come back in 30 days.', NULL, NULL),
    ('good advice',     7, '5 min',   '1 day',  1.0, 'login',    NULL,    '/login', NULL, NULL),
    ('good advice',     8, '1 min',   '8 min',  1.0, 'order',    'web',   NULL, NULL, NULL),
    ('good advice',     9, '1 day',   '3 days', 1.0, 'deliver',  NULL,    NULL, NULL, NULL),
    ('good advice',    10, '2 days',  '3 days', 0.5, 'nps',      NULL,    'Great advice in the chat.|Honest people.|', 8, 10),

    ('late, answered',  1, '0',       '0',      1.0, 'look',     NULL,    '{page}', NULL, NULL),
    ('late, answered',  2, '1 min',   '4 min',  1.0, 'login',    NULL,    '/login', NULL, NULL),
    ('late, answered',  3, '1 min',   '4 min',  1.0, 'order',    'web',   NULL, NULL, NULL),
    ('late, answered',  4, '5 days',  '2 days', 0.7, 'look',     NULL,    '/account/orders', NULL, NULL),
    ('late, answered',  5, '3 min',   '1 day',  1.0, 'ticket',   'email', 'Where is my {item}?|My parcel is late|No delivery yet', NULL, NULL),
    ('late, answered',  6, '0',       '0',      1.0, 'bot',      NULL,    'We have received your request.', NULL, NULL),
    ('late, answered',  7, '20 min',  '4 hours', 1.0, 'reply',   NULL,    'I am sorry. It comes tomorrow.', NULL, NULL),
    ('late, answered',  8, '5 min',   '5 hours', 0.6, 'message', NULL,    'Thank you for the quick answer!', NULL, NULL),
    ('late, answered',  9, '1 day',   '1 day',  1.0, 'deliver',  NULL,    NULL, NULL, NULL),
    ('late, answered', 10, '3 hours', '1 day',  0.4, 'callback', NULL,    'asked whether all is well now', NULL, NULL),
    ('late, answered', 11, '2 hours', '1 day',  0.6, 'csat',     NULL,    'Late, but you looked after me.|Good help.|', 4, 5),

    ('late, silence',   1, '0',       '0',      1.0, 'look',     NULL,    '{page}', NULL, NULL),
    ('late, silence',   2, '1 min',   '4 min',  1.0, 'login',    NULL,    '/login', NULL, NULL),
    ('late, silence',   3, '1 min',   '4 min',  1.0, 'order',    'web',   NULL, NULL, NULL),
    ('late, silence',   4, '5 days',  '2 days', 1.0, 'look',     NULL,    '/account/orders', NULL, NULL),
    ('late, silence',   5, '3 min',   '1 day',  1.0, 'ticket',   'email', 'Where is my {item}?|Still no parcel|Order lost?', NULL, NULL),
    ('late, silence',   6, '0',       '0',      1.0, 'bot',      NULL,    'We have received your request.', NULL, NULL),
    ('late, silence',   7, '10 hours', '1 day', 0.3, 'message',  NULL,    'Any news?|Hello? Anybody there?', NULL, NULL),
    ('late, silence',   8, '6 hours', '1 day',  0.7, 'hangup',   NULL,    NULL, 6, 19),
    ('late, silence',   9, '1 hour',  '1 day',  0.9, 'call',     NULL,    'parcel missing, knew nothing of the e-mail', 2, 9),
    ('late, silence',  10, '15 min',  '2 min',  0.7, 'transfer', NULL,    'agreed to a refund', 1, 4),
    ('late, silence',  11, '1 day',   '5 days', 0.9, 'refund',   NULL,    NULL, NULL, NULL),
    ('late, silence',  12, '1 day',   '2 days', 0.5, 'nps',      NULL,    'Nobody answers.|Told it three times.|Never again.', 0, 5),

    ('pillar to post',  1, '0',       '0',      1.0, 'look',     NULL,    '{page}', NULL, NULL),
    ('pillar to post',  2, '1 min',   '4 min',  1.0, 'login',    NULL,    '/login', NULL, NULL),
    ('pillar to post',  3, '1 min',   '4 min',  1.0, 'order',    'web',   NULL, NULL, NULL),
    ('pillar to post',  4, '1 day',   '3 days', 1.0, 'deliver',  NULL,    NULL, NULL, NULL),
    ('pillar to post',  5, '2 hours', '1 day',  1.0, 'look',     NULL,    '/help/returns', NULL, NULL),
    ('pillar to post',  6, '2 min',   '5 min',  1.0, 'ticket',   'form',  'The {item} is broken|The {item} leaks', NULL, NULL),
    ('pillar to post',  7, '0',       '0',      1.0, 'bot',      NULL,    'We have received your request.', NULL, NULL),
    ('pillar to post',  8, '12 hours', '2 days', 1.0, 'ticket',  'chat',  'I wrote to you: my {item} is broken', NULL, NULL),
    ('pillar to post',  9, '5 sec',   '9 sec',  1.0, 'bot',      NULL,    'Did you switch it off and on again?', NULL, NULL),
    ('pillar to post', 10, '30 sec',  '60 sec', 0.8, 'message',  NULL,    'I want to talk to a person.', NULL, NULL),
    ('pillar to post', 11, '5 sec',   '9 sec',  1.0, 'bot',      NULL,    'I did not understand that.', NULL, NULL),
    ('pillar to post', 12, '30 min',  '1 day',  0.7, 'hangup',   NULL,    NULL, 8, 24),
    ('pillar to post', 13, '20 min',  '1 day',  0.7, 'ticket',   'email', 'Complaint: {item} broken, nobody answers', NULL, NULL),
    ('pillar to post', 14, '2 hours', '4 hours', 0.6, 'call',    NULL,    'upset, has written before', 3, 12),
    ('pillar to post', 15, '15 min',  '2 min',  0.8, 'transfer', NULL,    'return label sent', 1, 5),
    ('pillar to post', 16, '1 hour',  '4 hours', 0.6, 'note',    NULL,    'Who does this? I see three cases.', NULL, NULL),
    ('pillar to post', 17, '2 days',  '4 days', 0.8, 'refund',   NULL,    NULL, NULL, NULL),
    ('pillar to post', 18, '1 day',   '2 days', 0.6, 'nps',      NULL,    'Each time from the start.|A maze.', 0, 3),

    ('phone order',     1, '0',       '0',      0.2, 'hangup',   NULL,    NULL, 3, 8),
    ('phone order',     2, '30 min',  '3 hours', 1.0, 'call',    NULL,    'placed an order', 0, 5),
    ('phone order',     3, '8 min',   '2 min',  1.0, 'order',    'phone', NULL, NULL, NULL),
    ('phone order',     4, '1 day',   '3 days', 1.0, 'deliver',  NULL,    NULL, NULL, NULL),

    ('phone help',      1, '0',       '0',      1.0, 'call',     NULL,    'how to descale|how to set the grinder|needs a spare part', 1, 7),
    ('phone help',      2, '15 min',  '2 min',  0.3, 'transfer', NULL,    'solved by the workshop', 1, 3),
    ('phone help',      3, '1 day',   '1 day',  0.4, 'callback', NULL,    'asked whether it works now', NULL, NULL),

    ('no answer',       1, '0',       '0',      0.7, 'look',     NULL,    '/help/warranty|/help/descaling', NULL, NULL),
    ('no answer',       2, '2 min',   '9 min',  1.0, 'ticket',   'form',  'Warranty for the {item}?|Spare part for the {item}', NULL, NULL),
    ('no answer',       3, '0',       '0',      1.0, 'bot',      NULL,    'We have received your request.', NULL, NULL),
    ('no answer',       4, '2 days',  '2 days', 0.7, 'message',  NULL,    'Is anybody reading this?|A short answer would do.', NULL, NULL),

    ('endless queue',   1, '0',       '0',      0.6, 'look',     NULL,    '/help/contact', NULL, NULL),
    ('endless queue',   2, '2 min',   '9 min',  1.0, 'hangup',   NULL,    NULL, 5, 15),
    ('endless queue',   3, '30 min',  '1 day',  0.8, 'hangup',   NULL,    NULL, 8, 28);
