import { once } from 'node:events'
import { createServer, STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Agent, request, type Dispatcher } from 'undici'
import { createRandom, type Random } from '../../src/emulator/random.ts'
import { spoil, type WireAnswer } from './hostile-answers.ts'
import { spoilFrame } from './hostile-events.ts'

/** Stands in front of the emulated Dust and spoils what it says. */
export interface HostileDust {
  address: string
  /** What was spoilt, and what went through as it was. */
  readonly counts: { answers: number, events: number, untouched: number }
  /** Whether it spoils anything. */
  isHostile: boolean
  close (): Promise<void>
}

const SPOILT_ANSWERS = 0.25
const SPOILT_STREAMS = 0.8
const SPOILT_FRAMES = 0.3
const PAUSE_MS = 20

/** @param stranger the address of a host that the server may not be lured to */
export async function startHostileDust (dust: string, stranger: string, seed: number): Promise<HostileDust> {
  const dispatcher = new Agent({ connections: 500, bodyTimeout: 0 })
  const server = createServer((incoming, outgoing) => { serve(incoming, outgoing).catch(() => { outgoing.destroy() }) })
  const counts = { answers: 0, events: 0, untouched: 0 }
  let number = 0
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const hostile: HostileDust = {
    address: `http://127.0.0.1:${Object(server.address()).port}`,
    counts,
    isHostile: false,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await Promise.all([once(server, 'close'), dispatcher.destroy()])
    }
  }
  return hostile

  async function serve (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const random = createRandom('dust', seed, number++)
    const left = new AbortController()
    outgoing.once('close', () => { left.abort() })
    const sent: Buffer[] = []
    for await (const chunk of incoming) sent.push(chunk)
    const { method = 'GET', url = '/', headers: { connection: _hop, 'transfer-encoding': _coding, 'content-length': _length, ...headers } } = incoming
    const answer = await request(new URL(url, dust), { method: method as Dispatcher.HttpMethod, headers, body: sent.length === 0 ? null : Buffer.concat(sent), dispatcher, signal: left.signal })
    const type = String(answer.headers['content-type'] ?? '')
    if (type.startsWith('text/event-stream')) return stream(random, answer, outgoing)
    const { location } = answer.headers
    const right: WireAnswer = {
      status: answer.statusCode,
      headers: { ...(type === '' ? {} : { 'content-type': type }), ...(location === undefined ? {} : { location: String(location) }) },
      body: Buffer.from(await answer.body.arrayBuffer()),
      drip: null,
      end: { kind: 'whole' }
    }
    const isSpoilt = hostile.isHostile && random.chance(SPOILT_ANSWERS)
    counts[isSpoilt ? 'answers' : 'untouched']++
    await send(outgoing.socket, isSpoilt ? spoil(random, right, { stranger, own: hostile.address }) : right)
  }

  /** Past Node's own idea of an answer, which would keep it from being wrong. */
  async function send (socket: Socket | null, { status, headers, body, drip, end }: WireAnswer): Promise<void> {
    if (socket === null || socket.destroyed) return
    const head = Object.entries({ 'content-length': String(body.length), ...headers, connection: 'close' }).map(([name, value]) => `${name}: ${value}\r\n`).join('')
    socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Odd'}\r\n${head}\r\n`, 'latin1')
    const content = end.kind === 'whole' ? body : body.subarray(0, end.after)
    for (let from = 0; from < content.length; from += drip ?? content.length) {
      if (socket.destroyed) return
      socket.write(content.subarray(from, from + (drip ?? content.length)))
      if (drip !== null) await sleep(PAUSE_MS)
    }
    if (end.kind === 'reset') socket.resetAndDestroy()
    else socket.end()
  }

  async function stream (random: Random, answer: Dispatcher.ResponseData, outgoing: ServerResponse): Promise<void> {
    const isSpoilt = hostile.isHostile && random.chance(SPOILT_STREAMS)
    counts[isSpoilt ? 'answers' : 'untouched']++
    outgoing.writeHead(answer.statusCode, { 'content-type': 'text/event-stream', connection: 'close' })
    const earlier: string[] = []
    let held = ''
    const decoder = new TextDecoder()
    for await (const chunk of answer.body) {
      held += decoder.decode(chunk, { stream: true })
      const frames = held.split('\n\n')
      held = frames.pop() ?? ''
      for (const words of frames) {
        const frame = `${words}\n\n`
        if (!isSpoilt || !random.chance(SPOILT_FRAMES)) outgoing.write(frame)
        else {
          counts.events++
          const spoilt = spoilFrame(random, frame, earlier)
          if (spoilt.kind === 'bytes') outgoing.write(spoilt.bytes)
          else return leave(spoilt.kind, outgoing)
        }
        if (earlier.length < 50) earlier.push(frame)
      }
    }
    outgoing.end(held)
  }
}

async function leave (how: 'close' | 'reset' | 'silence', outgoing: ServerResponse): Promise<void> {
  if (how === 'reset') outgoing.socket?.resetAndDestroy()
  else if (how === 'close') outgoing.destroy()
  else if (!outgoing.closed) await once(outgoing, 'close')
}
