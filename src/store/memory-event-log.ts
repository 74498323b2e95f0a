import type { EventLog, LoggedEvent } from './event-log.ts'

interface Stream {
  events: LoggedEvent[]
  characters: number
  /** Number of the next event. */
  next: number
  lastAt: number
}

export interface EventLogLimits {
  /** What is kept of one stream: its newest events. */
  eventsPerStream: number
  charactersPerStream: number
  /** How long a stream on which nothing happens is kept. */
  ageMs: number
}

const LIMITS: EventLogLimits = { eventsPerStream: 2000, charactersPerStream: 4 * 1024 ** 2, ageMs: 15 * 60_000 }

/** An event log that lasts as long as the process. */
export function createMemoryEventLog (limits: Partial<EventLogLimits> = {}): EventLog {
  const { eventsPerStream, charactersPerStream, ageMs } = { ...LIMITS, ...limits }
  const sessions = new Map<string, Map<string, Stream>>()

  return {
    append: async (session, name, data) => {
      const streams = sessions.get(session) ?? new Map<string, Stream>()
      sessions.set(session, streams)
      const stream = streams.get(name) ?? { events: [], characters: 0, next: 1, lastAt: 0 }
      streams.set(name, stream)
      const event = { id: `${name}.${stream.next++}`, data }
      stream.events.push(event)
      stream.characters += data.length
      stream.lastAt = Date.now()
      while (stream.events.length > eventsPerStream || (stream.characters > charactersPerStream && stream.events.length > 1)) {
        stream.characters -= stream.events.shift()?.data.length ?? 0
      }
      return event.id
    },
    after: async (session, eventId) => {
      const name = eventId.slice(0, eventId.lastIndexOf('.'))
      const events = sessions.get(session)?.get(name)?.events ?? []
      const index = events.findIndex(({ id }) => id === eventId)
      return index < 0 ? undefined : { stream: name, events: events.slice(index + 1) }
    },
    remove: async (session) => { sessions.delete(session) },
    removeExpired: async () => {
      const oldest = Date.now() - ageMs
      for (const [session, streams] of sessions) {
        for (const [name, { lastAt }] of streams) if (lastAt < oldest) streams.delete(name)
        if (streams.size === 0) sessions.delete(session)
      }
    }
  }
}
