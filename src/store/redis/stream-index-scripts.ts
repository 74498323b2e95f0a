import { STREAMS } from './streams.ts'

/** session's tag. Gives of each call its stream and what is known of it. */
export const CALLS = `${STREAMS}
local calls = {}
for _, stream in ipairs(redis.call('SMEMBERS', 'mcp:streams:of:' .. ARGV[1])) do
  local member = ARGV[1] .. ':' .. stream
  if redis.call('ZSCORE', 'mcp:streams:calls', member) then table.insert(calls, { member, redis.call('HGETALL', streamKey(member)) }) end
end
return calls`

/** how many at most, and the living replicas. Gives of each call its member and its writer. */
export const ORPHANS = `${STREAMS}
local living, orphans = {}, {}
for index = 2, #ARGV do living[ARGV[index]] = true end
for _, member in ipairs(redis.call('ZRANGE', 'mcp:streams:calls', 0, -1)) do
  if #orphans >= tonumber(ARGV[1]) then break end
  local writer = redis.call('HGET', streamKey(member), 'writer')
  if not writer or not living[writer] then table.insert(orphans, { member, writer }) end
end
return orphans`

/** age in ms, writer, and members that it may write on. */
export const KEEP = `${STREAMS}
local ageMs, writer = tonumber(ARGV[1]), ARGV[2]
for index = 3, #ARGV do
  local member = ARGV[index]
  local known = redis.call('HMGET', streamKey(member), 'writer', 'isEnded')
  if known[1] == writer and not known[2] then
    touch(member, ageMs)
  else
    redis.call('SREM', writerKey(writer), member)
  end
end`

/** session's tag, how many streams at once. Gives how many were forgotten. */
export const FORGET = `${STREAMS}
local streams = redis.call('SRANDMEMBER', 'mcp:streams:of:' .. ARGV[1], ARGV[2])
for _, stream in ipairs(streams) do drop(ARGV[1] .. ':' .. stream) end
return #streams`

/** age in ms, bytes that may be kept, how many streams at once. Gives how many were forgotten. */
export const FORGET_EXPIRED = `${STREAMS}
local ageMs, maxSize, limit = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local count = 0
for _, index in ipairs({ 'calls', 'others', 'ended' }) do
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', 'mcp:streams:' .. index, '-inf', now() - ageMs - 1, 'LIMIT', 0, limit)) do
    drop(member)
    count = count + 1
  end
end

local function isTooMuch () return tonumber(redis.call('GET', 'mcp:streams:size') or 0) > maxSize end

if not isTooMuch() then return count end
for _, member in ipairs(redis.call('ZRANGE', 'mcp:streams:ended', 0, limit - 1)) do
  if not isTooMuch() then return count end
  drop(member)
  count = count + 1
end
if redis.call('ZCARD', 'mcp:streams:ended') > 0 then return count end
for _, member in ipairs(redis.call('ZRANGE', 'mcp:streams:others', 0, -1)) do
  if not isTooMuch() then return count end
  if redis.call('HEXISTS', 'mcp:streams:sizes', member) == 1 then
    drop(member)
    count = count + 1
  end
end
return count`
