-- Jobs: when each is due, and who has the lease of its row.

-- Sooner, if it was due later.
-- name: job_schedule (tenant, job, at)
INSERT INTO jobs (tenant_id, job, place, due_at, turn, leased_until, position, failures)
VALUES (:tenant, :job, '', :at, 0, 0, 0, 0)
ON CONFLICT (tenant_id, job, place) DO UPDATE
SET due_at = CASE WHEN jobs.due_at > excluded.due_at THEN excluded.due_at ELSE jobs.due_at END;

-- name: job_add (tenant, job, place, at)
INSERT INTO jobs (tenant_id, job, place, due_at, turn, leased_until, position, failures)
VALUES (:tenant, :job, :place, :at, 0, 0, 0, 0)
ON CONFLICT (tenant_id, job, place) DO NOTHING;

-- Places that are no more: a container has another name each time.
-- name: job_forget (tenant, job, before)
DELETE FROM jobs WHERE tenant_id = :tenant AND job = :job AND place <> '' AND due_at < :before;

-- Whoever had it before has lost it: his turn is over.
-- name: job_take (tenant, job, place, at, real, until)
UPDATE jobs SET turn = turn + 1, leased_until = :until, began_at = :real
WHERE tenant_id = :tenant AND job = :job AND place = :place AND due_at <= :at AND leased_until <= :real
RETURNING turn, position, failures;

-- name: job_renew (tenant, job, place, turn, until, position)
UPDATE jobs SET leased_until = :until, position = :position
WHERE tenant_id = :tenant AND job = :job AND place = :place AND turn = :turn
RETURNING turn;

-- name: job_end (tenant, job, place, turn, due, ended)
UPDATE jobs SET leased_until = 0, due_at = :due, ended_at = :ended, failures = 0, failure = NULL
WHERE tenant_id = :tenant AND job = :job AND place = :place AND turn = :turn
RETURNING turn;

-- name: job_fail (tenant, job, place, turn, due, failure)
UPDATE jobs SET leased_until = 0, due_at = :due, failures = failures + 1, failure = :failure
WHERE tenant_id = :tenant AND job = :job AND place = :place AND turn = :turn
RETURNING turn;

-- A tenant's, whether they are due or not, with its clock.
-- name: jobs_of (tenant)
SELECT j.tenant_id, j.job, j.place, j.due_at, t.clock FROM jobs j
JOIN tenants t ON t.tenant_id = j.tenant_id
WHERE j.tenant_id = :tenant ORDER BY j.due_at, j.job, j.place;

-- Those of all tenants that nobody has a lease of, from a place in their order on.
-- name: jobs_due (at, real, after_due, after_tenant, after_job, limit)
SELECT j.tenant_id, j.job, j.place, j.due_at, t.clock FROM jobs j
JOIN tenants t ON t.tenant_id = j.tenant_id
WHERE t.clock IS NULL AND j.place = '' AND j.due_at <= :at AND j.leased_until <= :real
  AND j.due_at >= :after_due AND (j.due_at, j.tenant_id, j.job) > (:after_due, :after_tenant, :after_job)
ORDER BY j.due_at, j.tenant_id, j.job LIMIT :limit;

-- The same of tenants that have a clock of their own, which are few.
-- name: jobs_due_by_clock (real, after_tenant, after_job, limit)
SELECT j.tenant_id, j.job, j.place, j.due_at, t.clock FROM tenants t
JOIN jobs j ON j.tenant_id = t.tenant_id
WHERE t.clock IS NOT NULL AND j.place = '' AND j.due_at <= t.clock AND j.leased_until <= :real
  AND (j.tenant_id, j.job) > (:after_tenant, :after_job)
ORDER BY j.tenant_id, j.job LIMIT :limit;

-- name: jobs_told (job)
SELECT COUNT(*), MAX(ended_at), MIN(due_at), SUM(CASE WHEN failures > 0 THEN 1 ELSE 0 END), MAX(failure)
FROM jobs WHERE job = :job;
