-- What the aggregations unique and weighted_sum need beside the roll-ups. Only their metrics have
-- rows here. `width` is that of a bucket in microseconds: an hour or a day; `start` is where it begins.

-- Their events, by metric: what is read in the part-hours at a range's edges.
CREATE TABLE usage_samples (
  tenant_id INTEGER NOT NULL,
  metric TEXT NOT NULL,
  recorded_at INTEGER NOT NULL,
  event_id INTEGER NOT NULL,
  user_id INTEGER NOT NULL,
  quantity INTEGER NOT NULL,
  value TEXT,
  PRIMARY KEY (tenant_id, metric, recorded_at, event_id)
) STRICT, WITHOUT ROWID;

-- unique: each value once a bucket and user.
CREATE TABLE usage_values (
  tenant_id INTEGER NOT NULL,
  metric TEXT NOT NULL,
  width INTEGER NOT NULL,
  start INTEGER NOT NULL,
  value TEXT NOT NULL,
  user_id INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, metric, width, start, value, user_id)
) STRICT, WITHOUT ROWID;

-- unique: each value once a limit window. Who comes second finds it there, and is not counted.
CREATE TABLE usage_window_values (
  tenant_id INTEGER NOT NULL,
  metric TEXT NOT NULL,
  window_start INTEGER NOT NULL,
  window_end INTEGER NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (tenant_id, metric, window_start, window_end, value)
) STRICT, WITHOUT ROWID;

ALTER TABLE usage_balances ADD COLUMN distinct_values INTEGER NOT NULL DEFAULT 0;

-- weighted_sum: of each bucket and user the sum of its quantities, and their moment, the sum of
-- quantity × (instant − start). A moment needs 128 bits, so it is a decimal text.
CREATE TABLE usage_moments (
  tenant_id INTEGER NOT NULL,
  metric TEXT NOT NULL,
  width INTEGER NOT NULL,
  start INTEGER NOT NULL,
  user_id INTEGER NOT NULL,
  quantity_sum INTEGER NOT NULL,
  moment TEXT NOT NULL,
  PRIMARY KEY (tenant_id, metric, width, start, user_id)
) STRICT, WITHOUT ROWID;

-- weighted_sum: the running total at the end of each day that has events; user −1 is all of them.
CREATE TABLE usage_levels (
  tenant_id INTEGER NOT NULL,
  metric TEXT NOT NULL,
  user_id INTEGER NOT NULL,
  day INTEGER NOT NULL,
  closing INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, metric, user_id, day)
) STRICT, WITHOUT ROWID;
