import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { readAnswers, type ReadAnswers } from './http-answers.ts'

/** How long it's waited for an answer to something that may need none. */
const PATIENCE_MS = 30

/** Bytes for a socket, and what is to be done with it afterwards. */
export interface RawCase {
  name: string
  /** Each is written by itself. */
  parts: Buffer[]
  /** To wait for so many answers, to say that nothing more comes, or to break off. */
  then: number | 'end' | 'reset'
  /** Whether the answer has no body although it names a length. */
  isHead?: boolean
}

export interface RawOutcome extends ReadAnswers {
  /** Whether the server neither answered nor closed in time. */
  isHanging: boolean
}

/** Writes what no HTTP client would, and reads what comes back. */
export async function sendRaw (address: string, { parts, then, isHead }: RawCase, deadlineMs: number): Promise<RawOutcome> {
  const { hostname, port } = new URL(address)
  const socket = connect(Number(port), hostname).setNoDelay(true)
  const received: Buffer[] = []
  const closed = Promise.withResolvers<void>()
  const answered = Promise.withResolvers<void>()
  socket.on('close', () => { closed.resolve() })
  socket.on('error', () => {}) // 'close' follows
  socket.on('data', (chunk) => {
    received.push(chunk)
    answered.resolve()
    if (typeof then !== 'number') return
    const { answers, fault } = readAnswers(Buffer.concat(received), isHead)
    if (answers.length >= then || fault !== null) socket.destroy()
  })
  let isHanging = false
  const deadline = setTimeout(() => {
    isHanging = true
    socket.destroy()
  }, deadlineMs)
  for (const part of parts) {
    if (socket.destroyed || !socket.writable) break
    const written = new Promise((resolve) => { socket.write(part, resolve) })
    if (parts.length > 1 || then === 'reset') await Promise.race([written, closed.promise])
  }
  if (then === 'end') {
    // Node drops what it still has to say to somebody who has said their last word.
    await Promise.race([answered.promise, closed.promise, sleep(PATIENCE_MS, undefined, { ref: false })])
    socket.end()
  }
  if (then === 'reset' && !socket.destroyed) socket.resetAndDestroy()
  await closed.promise
  clearTimeout(deadline)
  return { ...readAnswers(Buffer.concat(received), isHead), isHanging }
}
