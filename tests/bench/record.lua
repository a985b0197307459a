-- wrk script, for one thread. Without KEY_PREFIX each request is a plain GET, or what METHOD and BODY say. With it, each records one
-- event under a key of its own, or BODY in its place, or with BATCH as many events in one body. Reports a line for drive.mjs.
local method = os.getenv("METHOD")
local prefix = os.getenv("KEY_PREFIX")
local batch = tonumber(os.getenv("BATCH") or "0")
local event = '{"metric_name":"api_calls","quantity":"1","metadata":{"endpoint":"/x"}'
local sent = 0

local function record()
  sent = sent + 1
  wrk.headers["Idempotency-Key"] = prefix .. "-" .. sent
  return wrk.format()
end

local pieces = {}

local function record_batch()
  for i = 1, batch do
    sent = sent + 1
    pieces[i] = event .. ',"idempotency_key":"' .. prefix .. "-" .. sent .. '"}'
  end
  return wrk.format(nil, nil, nil, "[" .. table.concat(pieces, ",") .. "]")
end

if prefix or method then
  wrk.method = method or "POST"
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["If-Match"] = method == "PATCH" and "*" or nil
  wrk.body = os.getenv("BODY") or event .. "}"
end
if prefix then
  request = batch > 0 and record_batch or record
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format("RESULT %d %.3f %.3f %.3f %d\n", summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, e.connect + e.read + e.write + e.status + e.timeout))
end
