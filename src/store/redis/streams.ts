/**
 * What the scripts of the event log have in common. A stream is named by its member of the indexes, `{session}:stream`:
 *
 * - `mcp:stream:<member>` what is known of it; `mcp:events:<member>` its newest events, without a gap, up to `lastSeq`
 * - `mcp:streams:calls`, `:others` and `:ended`: each stream is in one of them, by the time of its last activity
 * - `mcp:streams:of:{session}` the streams of a session; `mcp:streams:by:<writer>` those that a replica writes on
 * - `mcp:streams:sizes` what each stream takes, and `mcp:streams:size` all of them
 *
 * Every key expires by itself: see `touch`.
 */
export const STREAMS = `
local function streamKey (member) return 'mcp:stream:' .. member end
local function eventsKey (member) return 'mcp:events:' .. member end
local function writerKey (writer) return 'mcp:streams:by:' .. writer end

-- The key of its session's streams, and its name there.
local function split (member)
  local session, stream = member:match('^({[^}]*}):(.*)$')
  return 'mcp:streams:of:' .. session, stream
end

-- Something happens on a stream, now. Its own key lasts for at least two more ages, and what it shares with others no shorter.
local function touch (member, ageMs)
  local key = streamKey(member)
  local known = redis.call('HMGET', key, 'isEnded', 'isCall', 'writer')
  local index = known[1] and 'mcp:streams:ended' or known[2] and 'mcp:streams:calls' or 'mcp:streams:others'
  redis.call('ZADD', index, now(), member)
  redis.call('HSET', key, 'lastAt', now())
  if redis.call('PTTL', key) < 2 * ageMs then redis.call('PEXPIRE', key, 4 * ageMs) end
  local ttl = redis.call('PTTL', key)
  local shared = { index, eventsKey(member), (split(member)), 'mcp:streams:sizes', 'mcp:streams:size' }
  if known[3] then table.insert(shared, writerKey(known[3])) end
  for _, key in ipairs(shared) do
    if redis.call('PTTL', key) < ttl then redis.call('PEXPIRE', key, ttl) end
  end
end

local function setWriter (member, writer)
  local old = redis.call('HGET', streamKey(member), 'writer')
  if old then redis.call('SREM', writerKey(old), member) end
  if writer == '' then
    redis.call('HDEL', streamKey(member), 'writer')
  else
    redis.call('HSET', streamKey(member), 'writer', writer)
    redis.call('SADD', writerKey(writer), member)
  end
end

local function grow (member, size)
  if size == 0 then return end
  redis.call('HINCRBY', 'mcp:streams:sizes', member, size)
  redis.call('INCRBY', 'mcp:streams:size', size)
end

local function finish (member)
  redis.call('HSET', streamKey(member), 'isEnded', 1)
  redis.call('ZREM', 'mcp:streams:calls', member)
  redis.call('ZREM', 'mcp:streams:others', member)
  redis.call('SREM', writerKey(redis.call('HGET', streamKey(member), 'writer')), member)
end

local function drop (member)
  setWriter(member, '')
  redis.call('UNLINK', streamKey(member), eventsKey(member))
  for _, index in ipairs({ 'calls', 'others', 'ended' }) do redis.call('ZREM', 'mcp:streams:' .. index, member) end
  redis.call('SREM', split(member))
  grow(member, -(redis.call('HGET', 'mcp:streams:sizes', member) or 0))
  redis.call('HDEL', 'mcp:streams:sizes', member)
end
`
