-- wrk script: each request records one event under a key of its own. Reports a line for bench.mjs.
local prefix = os.getenv("KEY_PREFIX")
local thread_number = 0

function setup(thread)
  thread:set("number", thread_number)
  thread_number = thread_number + 1
end

function init()
  sent = 0
  if prefix then
    wrk.method = "POST"
    wrk.headers["Content-Type"] = "application/json"
    wrk.body = '{"metric_name":"api_calls","quantity":"1","metadata":{"endpoint":"/x"}}'
  end
end

function request()
  if prefix then
    sent = sent + 1
    wrk.headers["Idempotency-Key"] = prefix .. "-" .. number .. "-" .. sent
  end
  return wrk.format()
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format("RESULT %d %.3f %.3f %.3f %d\n", summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, e.connect + e.read + e.write + e.status + e.timeout))
end
