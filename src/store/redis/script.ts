import type { Redis } from 'ioredis'

/** Runs in Redis, as a whole or not at all. */
export type Script = (...args: Array<string | number>) => Promise<unknown>

/** Redis's own clock, in milliseconds since the epoch: it is the same for all replicas. */
const NOW = `
local function now ()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end`

/**
 * Makes a script of Lua, to which the arguments are `ARGV`. It goes over each connection once, and by its hash from then on.
 *
 * @param name unique among the scripts of a connection
 */
export function defineScript (redis: Redis, name: string, lua: string): Script {
  const command = `script:${name}`
  redis.defineCommand(command, { lua: NOW + lua, numberOfKeys: 0 })
  const script: unknown = Reflect.get(redis, command)
  if (typeof script !== 'function') throw new TypeError(`ioredis did not make ${command}`)
  return async (...args) => Reflect.apply(script, redis, args)
}
