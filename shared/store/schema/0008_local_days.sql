-- Roll-ups are of the tenant's own hours and days from here on (notes/0026). Where these begin is known to C alone: behind
-- all migrations, in their transaction, shared/meter/rebuild.c makes those of tenants outside UTC anew.
--
-- usage_record() of 0005 anew, as PostgreSQL alone has it, and nothing else: an event that lies in no hour and day of UTC
-- says as hour_start and day_start where those begin that it lies in.

-- postgres:
CREATE OR REPLACE FUNCTION usage_record(p_tenant BIGINT, p_generation BIGINT, p_again BIGINT, p_events JSONB)
RETURNS TABLE (out_position BIGINT, out_status TEXT, out_repeat BIGINT, out_recorded_at BIGINT, out_event BIGINT, out_used BIGINT)
LANGUAGE plpgsql AS $call$
#variable_conflict use_column
DECLARE
  e RECORD;
  earlier RECORD;
  balance usage_balances%ROWTYPE; -- the three that are being added to; no metric: none
  hour usage_hours%ROWTYPE;
  day usage_days%ROWTYPE;
  in_order BOOLEAN;
  known BOOLEAN;
  added BOOLEAN := FALSE;
  in_place BOOLEAN := version() NOT LIKE '%-YB-%' AND to_regproc('pg_catalog.create_distributed_table') IS NULL;
  before BIGINT;
  total BIGINT;
BEGIN
  PERFORM 1 FROM tenants WHERE tenant_id = p_tenant FOR NO KEY UPDATE;
  IF p_generation <> (SELECT generation FROM catalog) THEN
    RETURN QUERY SELECT 1::BIGINT, 'stale'::TEXT, 0::BIGINT, 0::BIGINT, 0::BIGINT, 0::BIGINT;
    RETURN;
  END IF;
  -- Balance by balance, so that each is read and written once; but where a key comes twice, the first one has it.
  SELECT COUNT(DISTINCT k ->> 'idempotency_key') < COUNT(k ->> 'idempotency_key') INTO in_order FROM jsonb_array_elements(p_events) k;

  FOR e IN
    SELECT x.*, COALESCE(x.hour_start, x.recorded_at - x.recorded_at % 3600000000) AS hour,
      COALESCE(x.day_start, x.recorded_at - x.recorded_at % 86400000000) AS day
    FROM ROWS FROM (jsonb_to_recordset(p_events) AS (recorded_at BIGINT, event BIGINT, metric TEXT, quantity BIGINT,
        user_id BIGINT, resource TEXT, metadata TEXT, idempotency_key TEXT, fingerprint TEXT, aggregation TEXT,
        window_start BIGINT, window_end BIGINT, included BIGINT, refuse BOOLEAN, now BIGINT, alerts_from BIGINT,
        alerts_to BIGINT, alerts JSONB, hour_start BIGINT, day_start BIGINT), generate_series(1, jsonb_array_length(p_events) + 1))
      AS x (recorded_at, event, metric, quantity, user_id, resource, metadata, idempotency_key, fingerprint, aggregation,
        window_start, window_end, included, refuse, now, alerts_from, alerts_to, alerts, hour_start, day_start, position)
    ORDER BY x.event IS NULL, CASE WHEN NOT in_order THEN x.metric END, CASE WHEN NOT in_order THEN x.window_start END, x.position
  LOOP
    -- What the events so far have added is written where the next one belongs elsewhere; behind the last
    -- event comes a row without one.
    IF balance.metric IS NOT NULL AND (balance.metric, balance.window_start, balance.window_end)
      IS DISTINCT FROM (e.metric, e.window_start, e.window_end) THEN
      IF added AND in_place THEN
        UPDATE usage_balances b SET
          quantity_sum = balance.quantity_sum, event_count = balance.event_count,
          quantity_min = balance.quantity_min, quantity_max = balance.quantity_max,
          first_at = balance.first_at, last_at = balance.last_at,
          last_event_id = balance.last_event_id, last_quantity = balance.last_quantity
        WHERE b.tenant_id = p_tenant AND b.ctid = (SELECT n.ctid FROM usage_balances n
          WHERE n.tenant_id = p_tenant AND n.window_start = balance.window_start AND n.metric = balance.metric
            AND n.window_end BETWEEN balance.window_end AND balance.window_end ORDER BY n.window_end DESC LIMIT 1);
      END IF;
      IF added AND NOT (in_place AND FOUND) THEN
        INSERT INTO usage_balances (tenant_id, window_start, metric, window_end, quantity_sum, event_count, quantity_min,
          quantity_max, first_at, last_at, last_event_id, last_quantity, distinct_values)
        VALUES (p_tenant, balance.window_start, balance.metric, balance.window_end, balance.quantity_sum, balance.event_count,
          balance.quantity_min, balance.quantity_max, balance.first_at, balance.last_at, balance.last_event_id,
          balance.last_quantity, 0)
        ON CONFLICT (tenant_id, window_start, metric, window_end) DO UPDATE SET
          quantity_sum = excluded.quantity_sum, event_count = excluded.event_count,
          quantity_min = excluded.quantity_min, quantity_max = excluded.quantity_max,
          first_at = excluded.first_at, last_at = excluded.last_at,
          last_event_id = excluded.last_event_id, last_quantity = excluded.last_quantity;
      END IF;
      added := FALSE;
      balance := NULL;
    END IF;
    IF hour.metric IS NOT NULL AND (hour.metric, hour.hour, hour.user_id) IS DISTINCT FROM (e.metric, e.hour, e.user_id) THEN
      IF in_place THEN
        UPDATE usage_hours h SET
          quantity_sum = h.quantity_sum + hour.quantity_sum,
          event_count = h.event_count + hour.event_count,
          quantity_min = LEAST(h.quantity_min, hour.quantity_min),
          quantity_max = GREATEST(h.quantity_max, hour.quantity_max),
          first_at = LEAST(h.first_at, hour.first_at),
          last_at = GREATEST(h.last_at, hour.last_at),
          last_event_id = CASE WHEN (hour.last_at, hour.last_event_id) > (h.last_at, h.last_event_id)
            THEN hour.last_event_id ELSE h.last_event_id END,
          last_quantity = CASE WHEN (hour.last_at, hour.last_event_id) > (h.last_at, h.last_event_id)
            THEN hour.last_quantity ELSE h.last_quantity END
        WHERE h.tenant_id = p_tenant AND h.ctid = (SELECT n.ctid FROM usage_hours n
          WHERE n.tenant_id = p_tenant AND n.hour = hour.hour AND n.metric = hour.metric
            AND n.user_id BETWEEN hour.user_id AND hour.user_id ORDER BY n.user_id DESC LIMIT 1);
      END IF;
      IF NOT (in_place AND FOUND) THEN
        INSERT INTO usage_hours AS h (tenant_id, hour, metric, user_id, quantity_sum, event_count, quantity_min, quantity_max,
          first_at, last_at, last_event_id, last_quantity)
        VALUES (p_tenant, hour.hour, hour.metric, hour.user_id, hour.quantity_sum, hour.event_count, hour.quantity_min,
          hour.quantity_max, hour.first_at, hour.last_at, hour.last_event_id, hour.last_quantity)
        ON CONFLICT (tenant_id, hour, metric, user_id) DO UPDATE SET
          quantity_sum = h.quantity_sum + excluded.quantity_sum,
          event_count = h.event_count + excluded.event_count,
          quantity_min = LEAST(h.quantity_min, excluded.quantity_min),
          quantity_max = GREATEST(h.quantity_max, excluded.quantity_max),
          first_at = LEAST(h.first_at, excluded.first_at),
          last_at = GREATEST(h.last_at, excluded.last_at),
          last_event_id = CASE WHEN (excluded.last_at, excluded.last_event_id) > (h.last_at, h.last_event_id)
            THEN excluded.last_event_id ELSE h.last_event_id END,
          last_quantity = CASE WHEN (excluded.last_at, excluded.last_event_id) > (h.last_at, h.last_event_id)
            THEN excluded.last_quantity ELSE h.last_quantity END;
      END IF;
      hour := NULL;
    END IF;
    IF day.metric IS NOT NULL AND (day.metric, day.day, day.user_id) IS DISTINCT FROM (e.metric, e.day, e.user_id) THEN
      IF in_place THEN
        UPDATE usage_days d SET
          quantity_sum = d.quantity_sum + day.quantity_sum,
          event_count = d.event_count + day.event_count,
          quantity_min = LEAST(d.quantity_min, day.quantity_min),
          quantity_max = GREATEST(d.quantity_max, day.quantity_max),
          first_at = LEAST(d.first_at, day.first_at),
          last_at = GREATEST(d.last_at, day.last_at),
          last_event_id = CASE WHEN (day.last_at, day.last_event_id) > (d.last_at, d.last_event_id)
            THEN day.last_event_id ELSE d.last_event_id END,
          last_quantity = CASE WHEN (day.last_at, day.last_event_id) > (d.last_at, d.last_event_id)
            THEN day.last_quantity ELSE d.last_quantity END
        WHERE d.tenant_id = p_tenant AND d.ctid = (SELECT n.ctid FROM usage_days n
          WHERE n.tenant_id = p_tenant AND n.day = day.day AND n.metric = day.metric
            AND n.user_id BETWEEN day.user_id AND day.user_id ORDER BY n.user_id DESC LIMIT 1);
      END IF;
      IF NOT (in_place AND FOUND) THEN
        INSERT INTO usage_days AS d (tenant_id, day, metric, user_id, quantity_sum, event_count, quantity_min, quantity_max,
          first_at, last_at, last_event_id, last_quantity)
        VALUES (p_tenant, day.day, day.metric, day.user_id, day.quantity_sum, day.event_count, day.quantity_min,
          day.quantity_max, day.first_at, day.last_at, day.last_event_id, day.last_quantity)
        ON CONFLICT (tenant_id, day, metric, user_id) DO UPDATE SET
          quantity_sum = d.quantity_sum + excluded.quantity_sum,
          event_count = d.event_count + excluded.event_count,
          quantity_min = LEAST(d.quantity_min, excluded.quantity_min),
          quantity_max = GREATEST(d.quantity_max, excluded.quantity_max),
          first_at = LEAST(d.first_at, excluded.first_at),
          last_at = GREATEST(d.last_at, excluded.last_at),
          last_event_id = CASE WHEN (excluded.last_at, excluded.last_event_id) > (d.last_at, d.last_event_id)
            THEN excluded.last_event_id ELSE d.last_event_id END,
          last_quantity = CASE WHEN (excluded.last_at, excluded.last_event_id) > (d.last_at, d.last_event_id)
            THEN excluded.last_quantity ELSE d.last_quantity END;
      END IF;
      day := NULL;
    END IF;
    EXIT WHEN e.event IS NULL;

    -- Is it known already? By its key, or because a call whose answer was lost has recorded it.
    out_position := e.position;
    out_status := 'ok';
    out_repeat := 0;
    out_recorded_at := e.recorded_at;
    out_event := e.event;
    known := FALSE;
    IF e.idempotency_key IS NOT NULL THEN
      SELECT k.recorded_at, k.event_id, k.fingerprint INTO earlier
      FROM usage_keys k WHERE k.tenant_id = p_tenant AND k.idempotency_key = e.idempotency_key;
      IF FOUND THEN
        known := TRUE;
        out_repeat := (earlier.event_id <> e.event OR earlier.recorded_at <> e.recorded_at)::INTEGER;
        out_recorded_at := earlier.recorded_at;
        out_event := earlier.event_id;
        IF earlier.fingerprint <> e.fingerprint THEN
          out_status := 'key_reused';
        END IF;
      END IF;
    END IF;
    IF NOT known AND p_again = 1 THEN
      known := EXISTS (SELECT 1 FROM usage_events o
        WHERE o.tenant_id = p_tenant AND o.recorded_at = e.recorded_at AND o.event_id = e.event);
    END IF;

    -- What stands in its balance; what is not set is NULL, which LEAST and GREATEST pass over.
    IF balance.metric IS NULL THEN
      SELECT * INTO balance FROM usage_balances b
      WHERE b.tenant_id = p_tenant AND b.window_start = e.window_start AND b.metric = e.metric
        AND b.window_end BETWEEN e.window_end AND e.window_end ORDER BY b.window_end DESC LIMIT 1;
      balance.metric := e.metric;
      balance.window_start := e.window_start;
      balance.window_end := e.window_end;
      balance.quantity_sum := COALESCE(balance.quantity_sum, 0);
      balance.event_count := COALESCE(balance.event_count, 0);
    END IF;
    before := usage_used(e.aggregation, balance.quantity_sum, balance.event_count, balance.quantity_min,
      balance.quantity_max, balance.last_quantity);
    out_used := before;
    IF known THEN
      RETURN NEXT;
      CONTINUE;
    END IF;

    -- May it count? The total comes first: where that does not fit, it is not the limit that refuses.
    total := balance.quantity_sum + e.quantity;
    out_used := usage_used(e.aggregation, total, balance.event_count + 1,
      LEAST(balance.quantity_min, e.quantity), GREATEST(balance.quantity_max, e.quantity),
      CASE WHEN balance.event_count = 0 OR (e.recorded_at, e.event) > (balance.last_at, balance.last_event_id)
        THEN e.quantity ELSE balance.last_quantity END);
    IF e.refuse AND out_used > e.included AND out_used > before THEN
      out_status := 'limit_exceeded';
      out_used := before;
      RETURN NEXT;
      CONTINUE;
    END IF;

    -- It counts.
    IF e.idempotency_key IS NOT NULL THEN
      INSERT INTO usage_keys (tenant_id, idempotency_key, recorded_at, event_id, fingerprint)
      VALUES (p_tenant, e.idempotency_key, e.recorded_at, e.event, e.fingerprint);
    END IF;
    INSERT INTO usage_events (tenant_id, recorded_at, event_id, metric, quantity, user_id, resource_id, metadata)
    VALUES (p_tenant, e.recorded_at, e.event, e.metric, e.quantity, e.user_id, e.resource, e.metadata)
    ON CONFLICT (tenant_id, recorded_at, event_id) DO NOTHING;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'event % stands already', e.event USING ERRCODE = 'serialization_failure';
    END IF;
    IF balance.event_count = 0 OR (e.recorded_at, e.event) > (balance.last_at, balance.last_event_id) THEN
      balance.last_at := e.recorded_at;
      balance.last_event_id := e.event;
      balance.last_quantity := e.quantity;
    END IF;
    added := TRUE;
    balance.quantity_sum := total;
    balance.event_count := balance.event_count + 1;
    balance.quantity_min := LEAST(balance.quantity_min, e.quantity);
    balance.quantity_max := GREATEST(balance.quantity_max, e.quantity);
    balance.first_at := LEAST(balance.first_at, e.recorded_at);
    IF hour.metric IS NULL OR (e.recorded_at, e.event) > (hour.last_at, hour.last_event_id) THEN
      hour.last_at := e.recorded_at;
      hour.last_event_id := e.event;
      hour.last_quantity := e.quantity;
    END IF;
    hour.hour := e.hour;
    hour.metric := e.metric;
    hour.user_id := e.user_id;
    hour.quantity_sum := COALESCE(hour.quantity_sum, 0) + e.quantity;
    hour.event_count := COALESCE(hour.event_count, 0) + 1;
    hour.quantity_min := LEAST(hour.quantity_min, e.quantity);
    hour.quantity_max := GREATEST(hour.quantity_max, e.quantity);
    hour.first_at := LEAST(hour.first_at, e.recorded_at);
    IF day.metric IS NULL OR (e.recorded_at, e.event) > (day.last_at, day.last_event_id) THEN
      day.last_at := e.recorded_at;
      day.last_event_id := e.event;
      day.last_quantity := e.quantity;
    END IF;
    day.day := e.day;
    day.metric := e.metric;
    day.user_id := e.user_id;
    day.quantity_sum := COALESCE(day.quantity_sum, 0) + e.quantity;
    day.event_count := COALESCE(day.event_count, 0) + 1;
    day.quantity_min := LEAST(day.quantity_min, e.quantity);
    day.quantity_max := GREATEST(day.quantity_max, e.quantity);
    day.first_at := LEAST(day.first_at, e.recorded_at);

    IF out_used >= e.alerts_from AND before < e.alerts_to THEN
      PERFORM usage_alert(p_tenant, e.window_start, e.metric, e.included, e.now, before, out_used, e.alerts);
    END IF;
    RETURN NEXT;
  END LOOP;
END
$call$;
-- end
