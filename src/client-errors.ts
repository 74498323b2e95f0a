import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { SECURITY_HEADERS } from './security-headers.ts'

export type ClientErrorReason = 'large_head' | 'slow' | 'malformed'

const STATUSES: Record<ClientErrorReason, number> = { large_head: 431, slow: 408, malformed: 400 }

const WORDS: Record<ClientErrorReason, string> = {
  large_head: 'The head of the request is too large',
  slow: 'The request did not come to its end in time',
  malformed: 'That is no HTTP request'
}

/** Why Node's HTTP parser refuses what comes on a connection; `undefined` when the client has left. */
export function reasonOfClientError (error: Error & { code?: string }, socket: Socket): ClientErrorReason | undefined {
  if (error.code === 'ECONNRESET' || socket.destroyed) return undefined
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return 'large_head'
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 'slow'
    default:
      return 'malformed'
  }
}

/** Says so to the client, unless it doesn't even read, and cuts the connection. Returns the status. */
export function answerClientError (reason: ClientErrorReason, socket: Socket): number {
  const status = STATUSES[reason]
  const body = JSON.stringify({ statusCode: status, error: STATUS_CODES[status], message: WORDS[reason] })
  const headers = { ...SECURITY_HEADERS, 'content-type': 'application/json', 'content-length': String(body.length), connection: 'close' }
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('')
  if (socket.writable && socket.writableLength === 0) socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head}\r\n${body}`)
  socket.destroy()
  return status
}
