-- Who waits, longest first? What counts as a contact, an answer, as late, is a definition that you can change: here nobody gives up
-- hope for ten years, since the sample ends in June. It counts at once, and only until the transaction is rolled back.

BEGIN;
INSERT INTO target (name, value) VALUES ('patience', '3650 days');
SELECT customer_id, waiting_since::timestamp(0) AS waiting_since, channel, thread, attempts, open_waits, reason
FROM attention_queue ORDER BY waiting_since LIMIT 6;
ROLLBACK;
