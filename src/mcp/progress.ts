import type { ProgressNotification, ProgressToken } from '@modelcontextprotocol/sdk/types.js'
import type { Interrupt } from './interrupt.ts'
import { requireJson } from './json-rpc.ts'
import type { Operation, Progress } from './operation.ts'

type Send = (notification: ProgressNotification) => Promise<void>

/** A text alone is its message. */
export function toProgress (words: string | Progress): Progress {
  return typeof words === 'string' ? { message: words } : words
}

/**
 * The line on which a handler tells how far it is; a dead one when the client gave no token.
 *
 * @param steps how far it was before
 */
export function createProgress (token: ProgressToken | undefined, interrupt: Interrupt, send: Send, steps = 0): Operation['progress'] {
  return async (words) => {
    if (token === undefined || interrupt.reason !== undefined) return
    const { message, progress = steps + 1, total, meta } = toProgress(words)
    requireJson(meta)
    steps = progress
    await send({
      method: 'notifications/progress',
      params: {
        progressToken: token,
        progress,
        ...(total === undefined ? {} : { total }),
        ...(message === undefined ? {} : { message }),
        ...(meta === undefined ? {} : { _meta: meta })
      }
    })
  }
}
