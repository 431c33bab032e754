-- # 3. One timeline
-- One aggregate packs all that ever happened to a customer into one value, of the type timeline:

CREATE TABLE customer_timeline AS
SELECT contact.id AS customer, timeline_agg(occurred_at, kind, 'channel', channel, 'direction', direction,
           'thread', thread, 'agent', agent, 'outcome', outcome, 'value', value, 'score', score,
           'automated', automated, 'seq', seq, 'source', source, 'ref', ref,
           'summary', summary) AS timeline
FROM interactions JOIN crm.contact ON customer_of(identity('contact', customer_no)) = customer_id
GROUP BY contact.id;
