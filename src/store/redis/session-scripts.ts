/** How much longer a record stays in Redis than its session lives, to be told when it is removed. */
const GRACE_MS = 86_400_000

const SESSION = `
local function keyOf (id) return 'mcp:session:{' .. id .. '}' end

-- The index of all, by their end, lasts as long as the last of them.
local function expire (id, expiresAt)
  local ttl = math.max(1, expiresAt - now() + ${GRACE_MS})
  redis.call('HSET', keyOf(id), 'expiresAt', expiresAt)
  redis.call('PEXPIRE', keyOf(id), ttl)
  redis.call('ZADD', 'mcp:sessions', expiresAt, id)
  if redis.call('PTTL', 'mcp:sessions') < ttl then redis.call('PEXPIRE', 'mcp:sessions', ttl) end
end

local function isAlive (id)
  local expiresAt = redis.call('HGET', keyOf(id), 'expiresAt')
  return expiresAt and tonumber(expiresAt) > now()
end

local function remove (id)
  local ended = redis.call('HMGET', keyOf(id), 'createdAt', 'expiresAt')
  redis.call('DEL', keyOf(id))
  redis.call('ZREM', 'mcp:sessions', id)
  return ended[1] and { id, ended[1], ended[2] }
end
`

/** id, limit, end, and the other fields, name and value in turn. */
export const CREATE = `${SESSION}
local id, limit, expiresAt = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
if redis.call('EXISTS', keyOf(id)) == 1 then return 1 end
if redis.call('ZCOUNT', 'mcp:sessions', '(' .. now(), '+inf') >= limit then return 0 end
redis.call('HSET', keyOf(id), unpack(ARGV, 4))
expire(id, expiresAt)
return 1`

/** id */
export const GET = `${SESSION}
return isAlive(ARGV[1]) and redis.call('HGETALL', keyOf(ARGV[1]))`

/** id, end */
export const TOUCH = `${SESSION}
if not isAlive(ARGV[1]) then return 0 end
expire(ARGV[1], tonumber(ARGV[2]))
return 1`

/** id, and fields, name and value in turn. */
export const UPDATE = `${SESSION}
if isAlive(ARGV[1]) then redis.call('HSET', keyOf(ARGV[1]), unpack(ARGV, 2)) end`

/** id */
export const DELETE = `${SESSION}
return isAlive(ARGV[1]) and remove(ARGV[1])`

/** How many at most. */
export const REMOVE_EXPIRED = `${SESSION}
local removed = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', 'mcp:sessions', '-inf', now(), 'LIMIT', 0, ARGV[1])) do
  local ended = remove(id)
  if ended then table.insert(removed, ended) end
end
return removed`

export const COUNT = `${SESSION}
return redis.call('ZCOUNT', 'mcp:sessions', '(' .. now(), '+inf')`
