import type { Random } from '../../src/emulator/random.ts'
import { postStateless } from '../fixtures/stateless.ts'
import { JSON_HEADERS, post } from '../helper.ts'
import { bearer, type Belongings, type Scene } from './belongings.ts'

export interface Attempt {
  name: string
  /** What of Ada's it reaches for; another one of the same form is what nobody has. */
  target: keyof Belongings
  /** What Bob sends. */
  send: (target: string) => Promise<Response>
}

type Sender = Pick<Scene, 'address' | 'headers' | 'belongings'>

const approve = { action: 'accept', content: { decision: 'approve' } }

/** Everything that Bob can try with what is Ada's. */
export function attemptsAt ({ address, headers, belongings }: Sender): Attempt[] {
  const { action, message, eventId } = belongings
  const bob = bearer('bob')
  const inSession = (session: string) => ({ ...bob, 'mcp-session-id': session })
  const get = (more: Record<string, string>) => fetch(`${address}/mcp`, { headers: { ...JSON_HEADERS, ...more } })
  const rpc = (method: string, params: object, more: Record<string, string>) => post(address, { jsonrpc: '2.0', id: 9, method, params }, more)
  const call = (name: string, args: Record<string, unknown>) => postStateless(address, 'tools/call', { name, arguments: args }, { headers: bob })
  const tool = (name: string, args: (id: string) => Record<string, unknown>): Attempt => ({ name, target: 'conversation', send: (id) => call(name, args(id)) })

  return [
    { name: 'joins the session', target: 'session', send: (id) => rpc('ping', {}, inSession(id)) },
    { name: 'calls in the session', target: 'session', send: (id) => rpc('tools/call', { name: 'dust_list_agents', arguments: {} }, inSession(id)) },
    { name: 'begins the session anew', target: 'session', send: (id) => rpc('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'bob', version: '1' } }, inSession(id)) },
    { name: 'listens in the session', target: 'session', send: (id) => get(inSession(id)) },
    { name: 'goes on with a stream of the session', target: 'session', send: (id) => get({ ...inSession(id), 'last-event-id': eventId }) },
    { name: 'ends the session', target: 'session', send: (id) => fetch(`${address}/mcp`, { method: 'DELETE', headers: inSession(id) }) },
    { name: 'cancels a request in the session', target: 'session', send: (id) => post(address, { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } }, inSession(id)) },
    { name: 'answers a question in the session', target: 'session', send: (id) => post(address, { jsonrpc: '2.0', id: belongings.question, result: approve }, inSession(id)) },
    { name: 'goes on with a stream in his own session', target: 'eventId', send: (id) => get({ ...headers.bob, 'last-event-id': id }) },
    { name: 'answers a question in his own session', target: 'question', send: (id) => post(address, { jsonrpc: '2.0', id, result: approve }, headers.bob) },
    ...['tasks/get', 'tasks/result', 'tasks/cancel'].map((method): Attempt => ({ name: method, target: 'task', send: (taskId) => rpc(method, { taskId }, headers.bob) })),
    {
      name: 'brings the state of a call',
      target: 'requestState',
      send: (requestState) => postStateless(address, 'tools/call', {
        name: 'dust_ask_agent', arguments: { agent: 'deployer', message: 'And again' }, requestState, inputResponses: { [belongings.inputKey]: approve }
      }, { capabilities: { elicitation: {} }, headers: bob })
    },
    tool('dust_get_conversation', (conversationId) => ({ conversationId })),
    tool('dust_ask_agent', (conversationId) => ({ conversationId, agent: 'dust', message: 'What did Ada say?' })),
    tool('dust_follow_run', (conversationId) => ({ conversationId, messageId: message })),
    tool('dust_cancel_run', (conversationId) => ({ conversationId })),
    tool('dust_retry_message', (conversationId) => ({ conversationId, messageId: message })),
    tool('dust_list_pending_approvals', (conversationId) => ({ conversationId })),
    tool('dust_answer_approval', (conversationId) => ({ conversationId, actionId: action, decision: 'approve' })),
    tool('dust_upload_file', (conversationId) => ({ conversationId, name: 'a.txt', contentType: 'text/plain', text: 'for Ada' })),
    { name: 'reads the conversation', target: 'conversation', send: (id) => postStateless(address, 'resources/read', { uri: `dust://conversations/${id}` }, { headers: bob }) },
    { name: 'subscribes to the conversation', target: 'conversation', send: (id) => rpc('resources/subscribe', { uri: `dust://conversations/${id}` }, headers.bob) }
  ]
}

/** Of an id that says more behind it, such as the number of an event, this is the part that is random. */
const RANDOM_PART = 36

/** The same form, but nobody's. */
export function unknownLike (random: Random, target: string): string {
  const letters = [...target]
  const changeable = [...letters.keys()].slice(0, RANDOM_PART).filter((index) => /[\da-f]/.test(letters[index] ?? ''))
  for (let times = 6; times > 0; times--) {
    const index = changeable[random.integer(0, changeable.length - 1)] ?? 0
    letters[index] = random.pick([...'0123456789abcdef'.replace(letters[index] ?? '', '')] as [string, ...string[]])
  }
  return letters.join('')
}
