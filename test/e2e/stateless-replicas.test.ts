import { createHmac } from 'node:crypto'
import path from 'node:path'
import t, { type Test } from 'tap'
import { postStateless } from '../fixtures/stateless.ts'
import { answerOf, startEmulator } from '../helper.ts'
import { startServerProcess } from './server-process.ts'

const KEY = 'only-the-replicas-know-this-key-of-theirs'
const CALL = { name: 'interview', arguments: { agent: 'dust', tone: 'dry' } }
const PLUGIN = path.join(import.meta.dirname, '..', 'fixtures', 'interview-plugin.ts')

interface Asked {
  status: number
  result: { resultType?: string, requestState: string, inputRequests?: Record<string, unknown>, structuredContent?: Record<string, unknown>, content?: unknown[] }
  error?: { code: number, message: string, data?: unknown }
}

/** Two processes that have nothing in common but a key, and the Dust workspace behind them. */
async function start (t: Test) {
  const { emulator, environment } = await startEmulator(t)
  const replica = () => startServerProcess(t, { ...environment, STORE_URL: 'sqlite::memory:', EXTRA_PLUGINS: PLUGIN, REQUEST_STATE_KEY: KEY })
  const [one, other] = await Promise.all([replica(), replica()])
  return { one: one.address, other: other.address, runs: () => emulator.emulator.workspace.runs.size }
}

async function call (address: string, more: Record<string, unknown> = {}, params: Record<string, unknown> = CALL): Promise<Asked> {
  const response = await postStateless(address, 'tools/call', { ...params, ...more }, { capabilities: { elicitation: {} } })
  return { status: response.status, ...Object(await answerOf(response)) }
}

const answer = (key: string, words: string) => ({ [key]: { action: 'accept', content: { [key]: words } } })

t.test('a call that needs two answers starts its run once, though every leg lands elsewhere', async (t) => {
  const { one, other, runs } = await start(t)
  const first = await call(one)
  t.match(first, { status: 200, result: { resultType: 'input_required', requestState: String, inputRequests: { topic: { method: 'elicitation/create' } } } })
  t.equal(runs(), 0)

  const beginning = { requestState: first.result.requestState, inputResponses: answer('topic', 'bridges') }
  const second = await call(other, beginning)
  t.same(Object.keys(second.result.inputRequests ?? {}), ['verdict'])
  t.equal(runs(), 1)

  await Promise.all([call(other, beginning), call(other, beginning), call(other, beginning)])
  t.equal(runs(), 1, 'the leg that starts the run may be sent again, too')

  const retry = { requestState: second.result.requestState, inputResponses: answer('verdict', 'keep') }
  const third = await call(one, retry)
  t.match(third.result.structuredContent, { verdict: 'keep', answer: /bridges/ })
  const again = await call(other, retry)
  t.same(again.result.structuredContent, third.result.structuredContent, 'sent twice, it is the same run')
  t.equal(runs(), 1)
})

t.test('an answer that is none is asked for again; a person may decline', async (t) => {
  const { one, other, runs } = await start(t)
  const first = await call(one)
  for (const inputResponses of [{}, { topic: 'bridges' }, { topic: { action: 'accept', content: { topic: 7 } } }, { topic: { action: 'maybe' } }]) {
    const { result } = await call(other, { requestState: first.result.requestState, inputResponses })
    t.match(result, { resultType: 'input_required', inputRequests: { topic: {} } }, JSON.stringify(inputResponses))
  }
  const declined = await call(other, { requestState: first.result.requestState, inputResponses: { topic: { action: 'decline' } } })
  t.match(declined.result.content, [{ text: 'nothing was asked: decline' }])
  t.equal(runs(), 0)
})

t.test('a state that was tampered with, is too old, or is of another call is refused', async (t) => {
  const { one, other, runs } = await start(t)
  const { result: { requestState } } = await call(one)
  const inputResponses = answer('topic', 'bridges')
  const [prefix = '', body = '', mac = ''] = requestState.split('.')
  const state = JSON.parse(Buffer.from(body, 'base64url').toString()) as { p: Record<string, unknown>, exp: number }
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const sign = (value: unknown, key: string): string => {
    const text = `${prefix}.${encode(value)}`
    return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`
  }
  t.match(await call(other, { requestState: sign(state, KEY), inputResponses }), { result: { resultType: 'input_required', inputRequests: { verdict: {} } } }, 'this is how it is signed')
  t.equal(runs(), 1)

  const done = { run: { conversationId: 'stolen', messageId: 'stolen', url: '' } }
  const refused: Array<[string, Promise<Asked>]> = [
    ['changed', call(other, { requestState: `${prefix}.${encode({ ...state, p: { ...state.p, done } })}.${mac}`, inputResponses })],
    ['signed with another key', call(other, { requestState: sign(state, KEY.toUpperCase()), inputResponses })],
    ['too old', call(other, { requestState: sign({ ...state, exp: Math.floor(Date.now() / 1000) - 1 }, KEY), inputResponses })],
    ['of another caller', call(other, { requestState: sign({ ...state, p: { ...state.p, call: 'somebody-else' } }, KEY), inputResponses })],
    ['of other arguments', call(other, { requestState, inputResponses }, { ...CALL, arguments: { agent: 'essayist', tone: 'dry' } })],
    ['of fewer arguments', call(other, { requestState, inputResponses }, { ...CALL, arguments: { agent: 'dust' } })],
    ['of another tool', call(other, { requestState, inputResponses }, { name: 'dust_get_agent', arguments: CALL.arguments })],
    ['cut short', call(other, { requestState: requestState.slice(0, -4), inputResponses })],
    ['nonsense', call(other, { requestState: 'v1.e30.AAAA', inputResponses })]
  ]
  for (const [name, response] of refused) {
    t.match(await response, { error: { code: -32602, message: 'Invalid or expired requestState', data: { reason: 'invalid_request_state' } } }, name)
  }
  t.match(await call(one, { requestState, inputResponses }, { ...CALL, arguments: { tone: 'dry', agent: 'dust' } }), { result: { resultType: 'input_required' } }, 'the order of the arguments doesn\'t matter')
})

t.test('a client that can not be asked is told what it lacks', async (t) => {
  const { one } = await start(t)
  const response = await postStateless(one, 'tools/call', CALL)
  t.equal(response.status, 400)
  t.match(await response.json(), { error: { code: -32021, data: { requiredCapabilities: { elicitation: {} } } } })
})
