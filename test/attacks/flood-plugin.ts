import { Type } from '@sinclair/typebox'
import fp from 'fastify-plugin'
import { setTimeout as pause } from 'node:timers/promises'

const PIECE = 'a'.repeat(64 * 1024)
const PIECES = 100
const PIECE_EVERY_MS = 300
/** More than the system takes in for a client that doesn't read, as is the whole flood. */
const BULK_CHARACTERS = 6 * 1024 ** 2

/** Tools that say more than anybody may leave unread. */
export default fp(async ({ mcp }) => {
  mcp.addTool({ name: 'flood', description: 'Says 6 MiB in pieces within half a minute.', input: Type.Object({}), longRunning: true }, async (_args, { progress, signal }) => {
    for (let n = 0; n < PIECES && !signal.aborted; n++) {
      await progress(PIECE)
      await pause(PIECE_EVERY_MS, undefined, { signal }).catch(() => {}) // the abort
    }
    return { text: 'said' }
  })
  mcp.addTool({ name: 'bulk', description: 'Answers 6 MiB at once.', input: Type.Object({}) }, () => ({ text: 'a'.repeat(BULK_CHARACTERS) }))
}, { name: 'flood', dependencies: ['mcp'] })
