import type { FastifyInstance } from 'fastify'
import { createEmulator, type EmulatorOptions } from '../../../src/emulator/app.ts'
import type { Fault } from '../../../src/emulator/faults/fault.ts'
import type { AgentMessage, Conversation, UserMessage } from '../../../src/dust/types.ts'

interface Test {
  teardown: (handler: () => unknown) => void
}

export interface Frame {
  eventId: string
  data: { type: string, text?: string, classification?: string, [field: string]: unknown }
}

export interface Connection {
  status: number
  text: string
  frames: Frame[]
  isDone: boolean
  /** The connection died instead of ending. */
  isCut: boolean
}

export const headers = { authorization: 'Bearer sk-demo', 'content-type': 'application/json' }
export const context = { username: 'tester', timezone: 'Europe/Paris' }

/** An emulator on a free port that closes with the test, and a caller for it. */
export async function startEmulator (t: Test, options: EmulatorOptions = {}) {
  const app = createEmulator({ pace: 0, ...options })
  t.teardown(() => app.close())
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  return { app, url, ...createCaller(app, url) }
}

export function createCaller ({ emulator }: FastifyInstance, url: string) {
  const base = `${url}/api/v1/w/${emulator.settings.workspaceId}`
  const conversations = `${base}/assistant/conversations`

  async function send (method: string, path: string, body?: unknown): Promise<Response> {
    return await fetch(`${base}${path}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
  }

  async function sendJson<Body> (method: string, path: string, body?: unknown): Promise<{ status: number, body: Body }> {
    const response = await send(method, path, body)
    const parsed: Body = JSON.parse(await response.text())
    return { status: response.status, body: parsed }
  }

  async function control<Body> (method: string, path: string, body?: unknown): Promise<{ status: number, body: Body }> {
    const response = await fetch(`${url}/_emulator${path}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
    const parsed: Body = JSON.parse(await response.text())
    return { status: response.status, body: parsed }
  }

  /** Switches faults on, over the control API. */
  async function fault (...faults: Fault[]): Promise<void> {
    const { status, body } = await control('PUT', '/faults', { faults })
    if (status !== 200) throw new Error(JSON.stringify(body))
  }

  /** Asks an agent in a new conversation. */
  async function ask (agentId: string, content: string, extras: object = {}) {
    const message = { content, mentions: [{ configurationId: agentId }], context }
    const { body } = await sendJson<{ conversation: Conversation, message: UserMessage }>('POST', '/assistant/conversations', { message, ...extras })
    return { conversation: body.conversation, message: body.message, ...idsOf(body.conversation.sId, agentMessageIn(body.conversation)) }
  }

  /** Asks in the same conversation again. */
  async function askAgain (cId: string, agentId: string, content: string) {
    const { body } = await sendJson<{ agentMessages: [AgentMessage] }>('POST', `/assistant/conversations/${cId}/messages`, { content, mentions: [{ configurationId: agentId }], context })
    return idsOf(cId, body.agentMessages[0])
  }

  /** Waits for the end of a run; returns the emulator's own record of it. */
  async function ended (mId: string) {
    await emulator.workspace.runs.get(mId)?.finished
    const record = emulator.message(mId)
    if (record === undefined) throw new Error(`no run ${mId}`)
    return record
  }

  /** Reads one connection to its end. */
  async function connect (path: string, lastEventId?: string): Promise<Connection> {
    const query = lastEventId === undefined ? '' : `?lastEventId=${lastEventId}`
    const response = await fetch(`${conversations}/${path}/events${query}`, { headers })
    const { text, isCut } = await drain(response)
    return { status: response.status, text, isCut, frames: framesIn(text), isDone: text.endsWith('data: done\n\n') }
  }

  /** Reads until an event of that type has come, then hangs up. */
  async function readUntil (path: string, type: string): Promise<Frame> {
    const response = await fetch(`${conversations}/${path}/events`, { headers })
    let text = ''
    for await (const chunk of decoded(response)) {
      text += chunk
      const found = framesIn(text).find(({ data }) => data.type === type)
      if (found !== undefined) return found
    }
    throw new Error(`no ${type} in ${text}`)
  }

  return { base, conversations, send, sendJson, control, fault, ask, askAgain, ended, connect, readUntil }
}

function idsOf (cId: string, agentMessage: AgentMessage) {
  return { cId, mId: agentMessage.sId, path: `${cId}/messages/${agentMessage.sId}`, agentMessage }
}

export function agentMessageIn ({ content }: Conversation): AgentMessage {
  const message = content.flatMap((versions) => versions.slice(-1)).findLast(({ type }) => type === 'agent_message')
  if (message?.type !== 'agent_message') throw new Error('no agent message')
  return message
}

export function tokensOf (frames: Frame[]): string {
  return frames.filter(({ data }) => data.classification === 'tokens').map(({ data }) => data.text).join('')
}

function framesIn (text: string): Frame[] {
  return text.split('\n\n').slice(0, -1).filter((frame) => frame.startsWith('data: {')).map((frame) => JSON.parse(frame.slice('data: '.length)))
}

async function drain (response: Response): Promise<{ text: string, isCut: boolean }> {
  let text = ''
  try {
    for await (const chunk of decoded(response)) text += chunk
    return { text, isCut: false }
  } catch {
    // fetch says `terminated` when the socket dies: that's what is asked for.
    return { text, isCut: true }
  }
}

async function * decoded (response: Response): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  for await (const chunk of response.body ?? []) yield decoder.decode(chunk, { stream: true })
}
