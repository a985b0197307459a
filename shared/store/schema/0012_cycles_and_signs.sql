-- Billing cycles of any length that a plan offers; and the periods in which a subscription's usage is included, limited and
-- charged, which may be shorter.

ALTER TABLE subscriptions ADD COLUMN billing_cycle TEXT NOT NULL DEFAULT 'monthly';
ALTER TABLE subscriptions ADD COLUMN usage_cycle TEXT NOT NULL DEFAULT 'monthly';
UPDATE subscriptions SET billing_cycle = cycle, usage_cycle = cycle;
ALTER TABLE subscriptions DROP COLUMN cycle;

-- A sum counts as 0 below 0; a max, min or latest of a signed metric stays what it is.
-- postgres:
CREATE OR REPLACE FUNCTION usage_used(p_aggregation TEXT, p_sum BIGINT, p_count BIGINT, p_min BIGINT, p_max BIGINT, p_last BIGINT)
RETURNS BIGINT LANGUAGE sql IMMUTABLE AS $call$
  SELECT COALESCE(CASE p_aggregation
    WHEN 'count' THEN p_count * 1000000
    WHEN 'max' THEN p_max
    WHEN 'min' THEN p_min
    WHEN 'latest' THEN p_last
    ELSE GREATEST(0, p_sum) END, 0)
$call$;
-- end
