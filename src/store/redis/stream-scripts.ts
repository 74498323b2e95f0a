import { STREAMS } from './streams.ts'

/** member, age in ms, writer, first number, and the call if there is one. */
export const OPEN = `${STREAMS}
local member, ageMs, writer, start, call = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], ARGV[5]
local key = streamKey(member)
if redis.call('HSETNX', key, 'createdAt', now()) == 1 then
  redis.call('HSET', key, 'lastSeq', start, 'characters', 0)
  redis.call('SADD', split(member))
  if call then
    redis.call('HSET', key, 'call', call, 'isCall', 1)
    grow(member, #call)
  end
end
setWriter(member, writer)
touch(member, ageMs)
return redis.call('HGETALL', key)`

/** member, age in ms, writer, number, data, 1 for the last one, how many events and bytes of a stream are kept. */
export const APPEND = `${STREAMS}
local member, ageMs, writer, seq, data, isLast = ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4]), ARGV[5], ARGV[6] == '1'
local maxCount, maxCharacters = tonumber(ARGV[7]), tonumber(ARGV[8])
local key, list = streamKey(member), eventsKey(member)
local known = redis.call('HMGET', key, 'writer', 'lastSeq', 'characters', 'isEnded')
if known[1] ~= writer then return 0 end
local lastSeq, before = tonumber(known[2]), tonumber(known[3])
if seq <= lastSeq then return 1 end
if known[4] then return 0 end

local characters = before
if seq > lastSeq + 1 then
  -- Nobody could read on from what came before the gap.
  redis.call('DEL', list)
  characters = 0
end
local count = redis.call('RPUSH', list, data)
characters = characters + #data
-- The newest one stays, however long it is.
while count > 1 and (count > maxCount or characters > maxCharacters) do
  characters = characters - #redis.call('LPOP', list)
  count = count - 1
end
redis.call('HSET', key, 'lastSeq', seq, 'characters', characters)
grow(member, characters - before)
if isLast then finish(member) end
touch(member, ageMs)
return 1`

/** member, age in ms, writer */
export const END = `${STREAMS}
local member, ageMs, writer = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local known = redis.call('HMGET', streamKey(member), 'writer', 'isEnded')
if known[1] ~= writer or known[2] then return end
finish(member)
touch(member, ageMs)`

/** member, number of the event before. Gives whether the stream has ended, and the data of the events. */
export const READ = `${STREAMS}
local list = eventsKey(ARGV[1])
local known = redis.call('HMGET', streamKey(ARGV[1]), 'lastSeq', 'isEnded')
if not known[1] then return false end
local missed = known[1] - ARGV[2]
if missed < 0 or missed > redis.call('LLEN', list) then return false end
return { known[2] or 0, missed == 0 and {} or redis.call('LRANGE', list, -missed, -1) }`

/** member, how many. Gives the number of the last event, and the data of the events. */
export const NEWEST = `${STREAMS}
local lastSeq = redis.call('HGET', streamKey(ARGV[1]), 'lastSeq')
return lastSeq and { lastSeq, redis.call('LRANGE', eventsKey(ARGV[1]), -ARGV[2], -1) }`

/** member, name, value, who must be the writer; an empty one is anybody. */
export const NOTE = `${STREAMS}
local known = redis.call('HMGET', streamKey(ARGV[1]), 'createdAt', 'isEnded', 'writer')
if not known[1] or known[2] or (ARGV[4] ~= '' and ARGV[4] ~= known[3]) then return 0 end
redis.call('HSET', streamKey(ARGV[1]), 'note:' .. ARGV[2], ARGV[3])
return 1`

/** member, age in ms, old writer, new one; an empty one is nobody. */
export const HAND = `${STREAMS}
local member, ageMs, from, to = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4]
local known = redis.call('HMGET', streamKey(member), 'createdAt', 'isEnded', 'writer')
local writer = known[3] or ''
if not known[1] or known[2] or (writer ~= from and writer ~= to) then return 0 end
setWriter(member, to)
touch(member, ageMs)
return 1`
