-- Work beside requests: when each job is due, who does it, and how far it has come; messages that are numbered; clocks.

-- A row for each job of a tenant; what is the whole installation's, or a data folder's, is tenant 1's. due_at is by the
-- tenant's clock, leased_until by the machines'. Each lease has the next turn: what an older one still does is refused.
CREATE TABLE jobs (
  tenant_id INTEGER NOT NULL,
  job TEXT NOT NULL,
  place TEXT NOT NULL,
  due_at INTEGER NOT NULL,
  turn INTEGER NOT NULL,
  leased_until INTEGER NOT NULL,
  position INTEGER NOT NULL,
  began_at INTEGER,
  ended_at INTEGER,
  failures INTEGER NOT NULL,
  failure TEXT,
  PRIMARY KEY (tenant_id, job, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX jobs_by_due ON jobs (due_at, tenant_id, job);

-- Details of the audit are kept for 730 days.
INSERT INTO jobs (tenant_id, job, place, due_at, turn, leased_until, position, failures)
SELECT tenant_id, 'purge', '', MIN(at) + 63072000000000, 0, 0, 0, 0 FROM audit_log GROUP BY tenant_id;

-- The instant that a tenant of its own time stands at; NULL: it goes with the machines.
ALTER TABLE tenants ADD COLUMN clock INTEGER;
CREATE INDEX tenants_with_clocks ON tenants (tenant_id) WHERE clock IS NOT NULL;

-- Messages have the tenant's next number, as all that is made has. Their numbers were times, far above any count.
UPDATE outbox SET outbox_id = r.place
FROM (SELECT tenant_id AS tenant, outbox_id AS id, ROW_NUMBER() OVER (PARTITION BY tenant_id ORDER BY outbox_id) AS place FROM outbox) r
WHERE outbox.tenant_id = r.tenant AND outbox.outbox_id = r.id;
INSERT INTO numbers (tenant_id, kind, last) SELECT tenant_id, 'outbox', COUNT(*) FROM outbox GROUP BY tenant_id;

-- postgres:
CREATE OR REPLACE FUNCTION usage_alert(p_tenant BIGINT, p_window_start BIGINT, p_metric TEXT, p_included BIGINT, p_now BIGINT,
  p_before BIGINT, p_used BIGINT, p_alerts JSONB)
RETURNS VOID LANGUAGE plpgsql AS $call$
DECLARE
  a RECORD;
  v_number BIGINT;
BEGIN
  FOR a IN SELECT * FROM jsonb_to_recordset(p_alerts) AS x (threshold BIGINT, at BIGINT, head TEXT, tail TEXT)
    WHERE x.at > p_before AND x.at <= p_used ORDER BY x.at
  LOOP
    INSERT INTO usage_alerts (tenant_id, window_start, metric, threshold_percent, used, included, fired_at)
    VALUES (p_tenant, p_window_start, p_metric, a.threshold, p_used, p_included, p_now)
    ON CONFLICT (tenant_id, window_start, metric, threshold_percent) DO NOTHING;
    IF FOUND THEN
      INSERT INTO numbers (tenant_id, kind, last) VALUES (p_tenant, 'outbox', 1)
      ON CONFLICT (tenant_id, kind) DO UPDATE SET last = numbers.last + 1
      RETURNING last INTO v_number;
      INSERT INTO outbox (tenant_id, outbox_id, kind, payload, created_at, due_at)
      VALUES (p_tenant, v_number, 'usage_alert', a.head || trim_scale(p_used * 0.000001)::TEXT || a.tail, p_now, p_now);
    END IF;
  END LOOP;
END
$call$;
-- end

-- Of the API calls that a data folder's file has counted, how many are recorded. An epoch is one such file's life.
CREATE TABLE call_counts (
  tenant_id INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  counted INTEGER NOT NULL,
  counted_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, epoch)
) STRICT, WITHOUT ROWID;
