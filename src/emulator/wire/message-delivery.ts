import type { ConnectionPlan } from '../faults/connection-plan.ts'
import type { EventHistory, HistoryEvent } from '../history.ts'
import type { EventStream } from './event-stream.ts'

export interface DeliveryOptions {
  lastEventId: string | undefined
  pageSize: number
  /** Looked at only when an event passes: a silent stream stays open. */
  lifetimeMs: number
  plan: ConnectionPlan
}

/** Sends the events of one message over one connection, until the connection is over. Returns what ends the subscription. */
export function deliver (stream: EventStream, history: EventHistory, { lastEventId, pageSize, lifetimeMs, plan }: DeliveryOptions): () => void {
  const openedMs = Date.now()
  const { ending } = plan
  let passed = 0
  let isSilent = false

  function strike (next: HistoryEvent | undefined): void {
    if (ending === undefined || passed < ending.afterEvents) return
    if (ending.how === 'cut') stream.cut('')
    else if (ending.how === 'done') stream.done()
    else if (ending.how === 'silent') isSilent = true
    else if (next !== undefined) stream.cut(next.frame.slice(0, next.frame.length / 2))
  }

  function pass (event: HistoryEvent, isReplayed: boolean): void {
    strike(event)
    if (!stream.isOpen || isSilent) return
    if (!event.isEnd || isReplayed) stream.send(event.frame)
    passed++
    if (event.isEnd || Date.now() - openedMs >= lifetimeMs) stream.done()
    else strike(undefined)
  }

  if (plan.isExpired) history.expire()
  if (plan.hasHandshake) stream.handshake()
  strike(undefined)
  const missed = history.after(lastEventId)
  for (const event of missed.slice(0, pageSize)) pass(event, true)
  if (missed.length > pageSize && !isSilent) stream.done()
  return history.subscribe((event) => pass(event, false))
}
