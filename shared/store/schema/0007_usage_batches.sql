-- Batches that their sender named by a key, which stands among the other keys with event 0: what a repeat is told.
CREATE TABLE usage_batches (
  tenant_id INTEGER NOT NULL,
  idempotency_key TEXT NOT NULL,
  taken INTEGER NOT NULL,
  rejected TEXT NOT NULL,
  PRIMARY KEY (tenant_id, idempotency_key)
) STRICT, WITHOUT ROWID;

-- A CloudEvent is told by its source and id alone, which a control character parts; what else it carried counts no more.
-- sqlite:
UPDATE usage_keys SET fingerprint = '00000000000000000000000000000000' WHERE idempotency_key LIKE '%' || char(31) || '%';
-- end
-- postgres:
UPDATE usage_keys SET fingerprint = '00000000000000000000000000000000' WHERE idempotency_key LIKE '%' || chr(31) || '%';
-- end
