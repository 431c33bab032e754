-- # What whoever answers should know
-- On 16 March at ten Ann Weber calls, and Tom picks up. He knows nothing of her e-mail. This is what he could have read meanwhile, in
-- his language; context() has the same as jsonb, for an application:

SELECT briefing(customer_of('contact:C-00042'), 'en', '2026-03-16 09:02+00') AS "Ann Weber, 16 March, 10:02";
