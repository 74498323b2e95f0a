import { once } from 'node:events'
import { createServer, request as openRequest, type ClientRequest, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'

export interface RoundRobinProxy {
  address: string
  /** Resets the client's connection of an exchange, `which` of them as a share of all. Returns whether there was one. */
  cut (which: number): boolean
  close (): Promise<void>
}

/**
 * How long a reply that has begun is left alone. The SDK forgets where a stream was if its connection breaks after the head and
 * before the first event, and no server can help it.
 */
const BEGINNING_MS = 250

/**
 * Spreads requests over the replicas in turn, as a usual reverse proxy: one that refuses the connection is passed over,
 * but what has been sent isn't sent again, since nobody knows what came of it.
 */
export async function startRoundRobinProxy (ports: readonly number[]): Promise<RoundRobinProxy> {
  const sockets = new Set<Socket>()
  /** What is being answered, and when its reply began. */
  const exchanges = new Map<ServerResponse, number | undefined>()
  let turn = 0

  async function forward (incoming: IncomingMessage, outgoing: ServerResponse, left: AbortSignal): Promise<void> {
    const body = await buffer(incoming)
    const start = turn++
    for (const index of ports.keys()) {
      const port = ports[(start + index) % ports.length]
      const request = openRequest({ host: '127.0.0.1', port, method: incoming.method, path: incoming.url, headers: endToEnd(incoming.headers), agent: false, signal: left })
      const broken = new Promise<never>((_resolve, reject) => { request.on('error', reject) })
      request.end(body)
      const response = await Promise.race([responseTo(request), broken]).catch((error: unknown) => {
        if (isRefused(error)) return null
        throw error
      })
      if (response === null) continue
      outgoing.writeHead(response.statusCode ?? 502, endToEnd(response.headers))
      outgoing.flushHeaders()
      exchanges.set(outgoing, performance.now())
      // When the replica dies in between, the client's connection ends in the middle, too.
      return Promise.race([pipeline(response, outgoing), broken])
    }
    throw new Error('every replica refused the connection')
  }

  const server = createServer((incoming, outgoing) => {
    const left = new AbortController()
    exchanges.set(outgoing, undefined)
    outgoing.once('close', () => {
      exchanges.delete(outgoing)
      left.abort()
    })
    forward(incoming, outgoing, left.signal).catch(() => {
      if (outgoing.headersSent) outgoing.destroy()
      else outgoing.writeHead(502).end('Bad Gateway')
    })
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => { sockets.delete(socket) })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = Object(server.address()) as { port: number }
  return {
    address: `http://127.0.0.1:${port}`,
    cut: (which) => {
      const now = performance.now()
      const cuttable = [...exchanges].filter(([, begunAt]) => begunAt === undefined || now - begunAt > BEGINNING_MS)
      const [exchange] = cuttable[Math.floor(which * cuttable.length)] ?? []
      exchange?.socket?.resetAndDestroy()
      return exchange !== undefined
    },
    close: async () => {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    }
  }
}

async function responseTo (request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve) => { request.once('response', resolve) })
}

function endToEnd (headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const { connection, 'keep-alive': keepAlive, 'transfer-encoding': transferEncoding, ...rest } = headers
  return rest
}

function isRefused (error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED'
}
