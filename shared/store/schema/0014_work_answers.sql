-- What a repeat is told of a call that made no one object: how many an import made, and what it refused.

CREATE TABLE work_answers (
  tenant_id INTEGER NOT NULL,
  idempotency_key TEXT NOT NULL,
  answer TEXT NOT NULL,
  PRIMARY KEY (tenant_id, idempotency_key)
) STRICT, WITHOUT ROWID;
