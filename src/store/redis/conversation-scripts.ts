/**
 * - `mcp:conversation:{id}` what is known of a conversation, until it's too old
 * - `mcp:conversations:<caller>` the conversations of a caller, by when they were used last
 */
const CONVERSATIONS = `
local function keyOf (id) return 'mcp:conversation:{' .. id .. '}' end
local function indexOf (caller) return 'mcp:conversations:' .. caller end

-- Used at that time, if not later already.
local function use (id, caller, usedAt, ageMs)
  redis.call('HSET', keyOf(id), 'usedAt', usedAt)
  redis.call('ZADD', indexOf(caller), usedAt, id)
  redis.call('PEXPIREAT', keyOf(id), usedAt + ageMs)
  local ttl = usedAt + ageMs - now()
  if redis.call('PTTL', indexOf(caller)) < ttl then redis.call('PEXPIRE', indexOf(caller), ttl) end
end
`

/** id, caller, when it was used, age in ms, how many a caller may have, and the other fields, name and value in turn. */
export const ADD = `${CONVERSATIONS}
local id, caller, usedAt, ageMs, limit = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
if usedAt + ageMs <= now() or redis.call('EXISTS', keyOf(id)) == 1 then return end
redis.call('HSET', keyOf(id), 'caller', caller, unpack(ARGV, 6))
use(id, caller, usedAt, ageMs)
redis.call('ZREMRANGEBYSCORE', indexOf(caller), '-inf', now() - ageMs)
local tooMany = redis.call('ZCARD', indexOf(caller)) - limit
if tooMany <= 0 then return end
for _, old in ipairs(redis.call('ZRANGE', indexOf(caller), 0, tooMany - 1)) do
  redis.call('DEL', keyOf(old))
  redis.call('ZREM', indexOf(caller), old)
end`

/** id, when it was used, age in ms */
export const USE = `${CONVERSATIONS}
local known = redis.call('HMGET', keyOf(ARGV[1]), 'caller', 'usedAt')
local usedAt = tonumber(ARGV[2])
if known[1] and tonumber(known[2]) < usedAt then use(ARGV[1], known[1], usedAt, tonumber(ARGV[3])) end`

/** id, title */
export const ENTITLE = `${CONVERSATIONS}
if redis.call('EXISTS', keyOf(ARGV[1])) == 1 then redis.call('HSET', keyOf(ARGV[1]), 'title', ARGV[2]) end`

/** id */
export const CALLER_OF = `${CONVERSATIONS}
return redis.call('HGET', keyOf(ARGV[1]), 'caller')`

/** caller, how many, and after which: when it was used, and its id. Gives of each its id and what is known of it. */
export const LIST = `${CONVERSATIONS}
local index, limit, usedAt, after = indexOf(ARGV[1]), tonumber(ARGV[2]), ARGV[3], ARGV[4]
local first = usedAt == '' and 0 or redis.call('ZCOUNT', index, '(' .. usedAt, '+inf')
local found = {}
while #found < limit do
  local ids = redis.call('ZREVRANGE', index, first, first + limit, 'WITHSCORES')
  if #ids == 0 then break end
  for position = 1, #ids, 2 do
    local id, score = ids[position], ids[position + 1]
    local isSeen = tonumber(score) == tonumber(usedAt) and id >= after
    local known = isSeen and {} or redis.call('HGETALL', keyOf(id))
    if #known > 0 and #found < limit then table.insert(found, { id, known }) end
  end
  first = first + #ids / 2
end
return found`
