-- # 2. One customer, one timeline
-- A view brings keys and clocks together (test/sample/customer_interaction.sql). Then one aggregate
-- packs all that ever happened to a customer into one value, of the type timeline:

CREATE TABLE customer_timeline AS
SELECT customer, timeline_agg(occurred_at, kind, 'channel', channel, 'direction', direction,
           'thread', thread, 'agent', agent, 'outcome', outcome, 'value', value, 'score', score,
           'automated', automated, 'seq', seq, 'source', source, 'ref', ref,
           'summary', summary) AS timeline
FROM crm.customer_interaction GROUP BY customer;
