import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { HttpRequest } from '../../../../src/mcp/http.ts'

/** A request whose reply becomes a stream, without a network: what was sent on it, and whether it has ended. */
export function createRequest (headers: Record<string, string> = {}) {
  const response = new ServerResponse(new IncomingMessage(new Socket()))
  const sent: string[] = []
  response.write = (chunk: unknown) => {
    sent.push(String(chunk))
    return true
  }
  const http: HttpRequest = {
    headers: { accept: 'text/event-stream', ...headers },
    body: undefined,
    caller: 'me',
    credential: null,
    requestId: 'request',
    startStream: () => response,
    onEvent: () => {},
    onOperation: () => {},
    onBacklog: () => {},
    isClosed: () => response.closed,
    onClose: (listener) => { response.once('close', listener) }
  }
  return {
    http,
    /** The messages that came, without the events that only have an id. */
    get data () { return sent.flatMap((frame) => /^data: (.+)$/m.exec(frame)?.[1] ?? []) },
    get isEnded () { return response.writableEnded },
    leave: () => { response.destroy() }
  }
}
