import type { Emulator } from '../../src/emulator/emulator.ts'
import { readEvents, type EventReader } from '../fixtures/event-reader.ts'
import { postStateless } from '../fixtures/stateless.ts'
import { messagesOf, openSession, post, startEmulator, startService, toolCall, until, type Scope } from '../helper.ts'

const TOKENS = { ada: 'the-token-of-ada-is-long', bob: 'the-token-of-bob-is-long' }

export const bearer = (name: keyof typeof TOKENS): Record<string, string> => ({ authorization: `Bearer ${TOKENS[name]}` })

/** What belongs to Ada, and could be of use to somebody else. */
export interface Belongings {
  session: string
  /** An event of a stream that is still written. */
  eventId: string
  /** Where Ada is asked something. */
  question: string
  task: string
  conversation: string
  /** Of an approval that waits in the conversation. */
  action: string
  /** Of a message whose agent waits for the approval. */
  message: string
  requestState: string
  inputKey: string
}

export interface Scene {
  dust: Emulator
  address: string
  logLines: string[]
  belongings: Belongings
  /** Ada's own connections, which nobody else may touch. */
  calls: EventReader[]
  /** Ada's session, and Bob's own one. */
  headers: { ada: Record<string, string>, bob: Record<string, string> }
}

/** A server with two callers: Ada is in the middle of her work, Bob has a session of his own. */
export async function setScene (t: Scope): Promise<Scene> {
  const { emulator: { emulator: dust }, environment } = await startEmulator(t)
  const { address, logLines } = await startService(t, { ...environment, AUTH_MODE: 'token', AUTH_TOKENS: Object.entries(TOKENS).map((entry) => entry.join(':')).join(',') })
  const [ada, bob] = [bearer('ada'), bearer('bob')]
  const adaSession = { ...ada, ...await openSession(address, { elicitation: {} }, ada) }
  const bobSession = { ...bob, ...await openSession(address, { elicitation: {} }, bob) }

  const ask = (id: number) => readEvents((signal) => post(address, toolCall(id, 'dust_ask_agent', { agent: 'deployer', message: 'Put the shop online' }, `token ${id}`), adaSession, signal))
  const calls = [await ask(1)]
  await until(() => questionsIn(calls).length === 1)
  const created = await post(address, { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'dust_ask_agent', arguments: { agent: 'deployer', message: 'Once more' }, task: {} } }, adaSession)
  const { result: { task } } = Object(await created.json())

  const asked = await postStateless(address, 'tools/call', { name: 'dust_ask_agent', arguments: { agent: 'deployer', message: 'And again' } }, { capabilities: { elicitation: {} }, headers: ada })
  const { requestState, inputRequests } = Object(messagesOf(await asked.text()).at(-1)).result

  const returned = await postStateless(address, 'tools/call', { name: 'dust_ask_agent', arguments: { agent: 'deployer', message: 'Last one' } }, { headers: ada })
  const { conversationId, messageId, waitingFor } = Object(messagesOf(await returned.text()).at(-1)).result.structuredContent
  return {
    dust,
    address,
    logLines,
    calls,
    headers: { ada: adaSession, bob: bobSession },
    belongings: {
      session: adaSession['mcp-session-id'],
      eventId: calls[0]?.ids[0] ?? '',
      question: questionsIn(calls)[0] ?? '',
      task: task.taskId,
      conversation: conversationId,
      action: waitingFor[0].actionId,
      message: messageId,
      requestState,
      inputKey: Object.keys(inputRequests)[0] ?? ''
    }
  }
}

function questionsIn (calls: readonly EventReader[]): string[] {
  return calls.flatMap(({ messages }) => messages.map(Object)).filter(({ method }) => method === 'elicitation/create').map(({ id }) => String(id))
}
