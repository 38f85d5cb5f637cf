-- Sends the same GET with one person's session after the other's, and ends with one line of JSON.
-- Arguments after `--`: a file with one request's header lines, and a file with one cookie a line.

local requests, turn = {}, 0

function init(args)
  local headers = {}
  for line in io.lines(args[1]) do
    local name, value = line:match("^([^:]+): (.*)$")
    headers[name] = value
  end
  local others = headers["Cookie"]
  for cookie in io.lines(args[2]) do
    headers["Cookie"] = others .. "; " .. cookie
    requests[#requests + 1] = wrk.format("GET", nil, headers)
  end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format('\n{"requests": %d, "seconds": %f, "p50_us": %d, "p99_us": %d, "bad": %d}\n', summary.requests,
    summary.duration / 1e6, latency:percentile(50), latency:percentile(99), e.status + e.connect + e.read + e.write + e.timeout))
end
