import { createLocalBus, type Bus } from '../bus.ts'
import type { RedisConnection } from './connection.ts'

const CHANNELS = 'mcp:bus:'

/**
 * Makes buses by their names.
 *
 * @param subscriber a connection that is used for nothing else
 */
export function createRedisBuses (publisher: RedisConnection, subscriber: RedisConnection): (name: string) => Bus<unknown> {
  const buses = new Map<string, { bus: Bus<unknown>, local: Bus<unknown> }>()

  /** Never rejects: what fails is done again with the next connection. */
  async function listen (...names: string[]): Promise<void> {
    await subscriber.run('listen', () => subscriber.redis.subscribe(...names.map((name) => CHANNELS + name))).catch(() => {})
  }

  // Always to all of them: what was asked for without a connection may have been given up.
  subscriber.redis.on('ready', async () => { if (buses.size > 0) await listen(...buses.keys()) })
  subscriber.redis.on('message', (channel: string, text: string) => {
    const message = parse(text)
    if (message !== undefined) buses.get(channel.slice(CHANNELS.length))?.local.publish(message)
  })

  function create (name: string): { bus: Bus<unknown>, local: Bus<unknown> } {
    const local = createLocalBus<unknown>()
    const listening = listen(name)
    return {
      local,
      bus: {
        publish: (message) => {
          // Not before this process listens itself.
          listening.then(() => {
            const text = JSON.stringify(message)
            return publisher.run('publish', () => publisher.redis.publish(CHANNELS + name, text))
          }).catch(() => {
            // A bus promises no more than to try.
          })
        },
        subscribe: (listener) => local.subscribe(listener)
      }
    }
  }

  return (name) => {
    const made = buses.get(name) ?? create(name)
    buses.set(name, made)
    return made.bus
  }
}

/** `undefined` for what is no JSON, which can't be one of our messages. */
function parse (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
