-- POSTs so many bodies in turn as the first argument says, each with a new id, and the headers that follow as name=value.
-- A value with | in it is a list, from which each request takes the next.
local bodies, headers, lists, count = {}, {}, {}, 0

function init (args)
  local number = tonumber(args[1])
  for index = 1, number do bodies[index] = args[index + 1] end
  for index = number + 2, #args do
    local name, value = args[index]:match('^([^=]+)=(.*)$')
    lists[name] = {}
    for item in value:gmatch('[^|]+') do table.insert(lists[name], item) end
  end
end

function request ()
  count = count + 1
  for name, list in pairs(lists) do headers[name] = list[count % #list + 1] end
  return wrk.format('POST', nil, headers, bodies[count % #bodies + 1]:format(count))
end

function done (summary, latency)
  local errors = summary.errors
  io.write(string.format('{"requests":%d,"bytes":%d,"micros":%d,"failed":%d,"p50":%d,"p99":%d}\n',
    summary.requests, summary.bytes, summary.duration, errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
