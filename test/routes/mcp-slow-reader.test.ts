import { Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import { connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { readMetrics } from '../fixtures/metrics.ts'
import { JSON_HEADERS, openSession, startServiceAlone, toolCall, until } from '../helper.ts'

const PIECE = 'a'.repeat(64 * 1024)

/** A tool that says so many pieces of 64 KiB, and whether it has said all. */
function addTalker ({ mcp }: FastifyInstance) {
  let isDone = false
  mcp.addTool({ name: 'talk', description: 'Talks.', input: Type.Object({ pieces: Type.Integer() }), longRunning: true }, async ({ pieces }, { progress }) => {
    for (let n = 1; n <= pieces; n++) {
      await progress(`${n} ${PIECE}`)
      await new Promise((resolve) => { setImmediate(resolve) })
    }
    isDone = true
    return { text: 'said' }
  })
  return { isDone: () => isDone }
}

async function start (t: Test) {
  let talker = { isDone: () => false }
  const running = await startServiceAlone(t, {}, (service) => { talker = addTalker(service) })
  return { ...running, ...talker }
}

/** Asks, and reads nothing until it's told to. */
function ask (t: Test, address: string, body: unknown, headers: Record<string, string>): { socket: Socket, text: () => string } {
  const socket = connect(Number(new URL(address).port), '127.0.0.1').setEncoding('latin1').pause()
  t.teardown(() => socket.destroy())
  socket.on('error', () => {}) // the cut
  const pieces: string[] = []
  socket.on('data', (words) => { pieces.push(String(words)) })
  socket.pause()
  const words = JSON.stringify(body)
  const head = Object.entries({ ...JSON_HEADERS, ...headers, host: 'localhost', connection: 'close', 'content-length': String(words.length) })
  socket.write(`POST /mcp HTTP/1.1\r\n${head.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${words}`)
  return { socket, text: () => pieces.join('') }
}

const cuts = async (address: string): Promise<Record<string, number>> => (await readMetrics(address)).nonZero('mcp_dust_server_readers_cut_total')

t.test('who reads the stream of a session late gets everything, in order, and once', async (t) => {
  const { address, isDone } = await start(t)
  // More than the system and the server hold for one who doesn't read, and no more than the log has beside.
  const pieces = 128
  const { socket, text } = ask(t, address, toolCall(1, 'talk', { pieces }, 'p'), await openSession(address))
  await until(isDone)
  socket.resume()
  await until(() => socket.closed)
  t.same([...text().matchAll(/"message":"(\d+) a/g)].map(([, number]) => Number(number)), Array.from({ length: pieces }, (_, n) => n + 1))
  const ids = [...text().matchAll(/^id: .*\.(\d+)\n/gm)].map(([, seq]) => Number(seq))
  t.same(ids, Array.from({ length: pieces + 2 }, (_, n) => n), 'the prime, the pieces, the answer')
  t.match(text(), /"text":"said"/)
  t.same(await cuts(address), {})
})

t.test('a stream without a session ends before it fills the memory', async (t) => {
  const { address } = await start(t)
  const meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' }, 'io.modelcontextprotocol/clientCapabilities': {} }
  ask(t, address, { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'talk', arguments: { pieces: 1024 }, _meta: { ...meta, progressToken: 'p' } } }, {
    'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'talk'
  })
  await until(async () => Object.keys(await cuts(address)).length > 0)
  t.same(await cuts(address), { '{reason="backlog"}': 1 })
  await until(async () => (await readMetrics(address)).value('mcp_dust_server_sse_streams_open', { kind: 'request' }) === 0)
})
