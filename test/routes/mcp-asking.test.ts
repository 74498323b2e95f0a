import { Type } from '@sinclair/typebox'
import t, { type Test } from 'tap'
import type { InputRequest, Operation, ToolResult } from '../../src/index.ts'
import { postStateless } from '../fixtures/stateless.ts'
import { answerOf, initialize, messagesOf, post, startServiceAlone, toolCall } from '../helper.ts'

const FORM: InputRequest = {
  method: 'elicitation/create', params: { mode: 'form', message: 'How many?', requestedSchema: { type: 'object', properties: { count: { type: 'integer' } }, required: ['count'] } }
}
const PAGE: InputRequest = { method: 'elicitation/create', params: { mode: 'url', message: 'Log in there.', url: 'https://example.com/', elicitationId: 'one' } }
const SAMPLE: InputRequest = { method: 'sampling/createMessage', params: { messages: [], maxTokens: 1 } }
const SAMPLE_WITH_TOOLS: InputRequest = { method: 'sampling/createMessage', params: { messages: [], maxTokens: 1, tools: [{ name: 'look', inputSchema: { type: 'object' } }] } }

async function start (t: Test, handlers: Record<string, (operation: Operation) => Promise<ToolResult>>) {
  return startServiceAlone(t, {}, ({ mcp }) => {
    for (const [name, handler] of Object.entries(handlers)) mcp.addTool({ name, description: 'Asks.', input: Type.Object({}) }, (_args, operation) => handler(operation))
  })
}

const asking = (request: InputRequest) => async ({ ask }: Operation) => ({ text: JSON.stringify(await ask('question', request)) })

async function openSession (address: string, capabilities: Record<string, unknown>): Promise<Record<string, string>> {
  const response = await post(address, { ...initialize, params: { ...initialize.params, capabilities } })
  await response.text()
  return { 'mcp-session-id': response.headers.get('mcp-session-id') ?? '' }
}

/** Calls `ask` in a session, answers its question, and resolves to the result of the call. */
async function callAndAnswer (address: string, session: Record<string, string>, answer: Record<string, unknown>): Promise<unknown> {
  const { body } = await post(address, toolCall('call', 'ask'), session)
  let text = ''
  for await (const chunk of body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const isFirst = !text.includes('elicitation/create')
    text += chunk
    const question = messagesOf(text).find((message) => Object(message).method === 'elicitation/create')
    if (isFirst && question !== undefined) await post(address, { jsonrpc: '2.0', id: Object(question).id, ...answer }, session)
  }
  return Object(messagesOf(text).at(-1)).result
}

t.test('a client that answers with an error or with nonsense is told so, and it is no fault of ours', async (t) => {
  const { address, logLines } = await start(t, { ask: asking(FORM) })
  const session = await openSession(address, { elicitation: {} })
  t.match(await callAndAnswer(address, session, { result: { action: 'accept', content: { count: 3 } } }), { content: [{ text: /"count":3/ }] })
  for (const answer of [{ result: {} }, { result: { action: 'maybe' } }, { result: { action: 'accept', content: { count: 'three' } } }, { error: { code: -1, message: 'the words of a client' } }]) {
    t.match(await callAndAnswer(address, session, answer), { isError: true, content: [{ text: /^The client answered a question with an error, or with something/ }] }, JSON.stringify(answer))
  }
  t.notOk(logLines.some((line) => line.includes('because of a fault') || line.includes('the words of a client')))
})

t.test('a client is asked only what it can do, whatever its era', async (t) => {
  const requests: Record<string, InputRequest> = { form: FORM, page: PAGE, sample: SAMPLE, sample_with_tools: SAMPLE_WITH_TOOLS }
  const { address } = await start(t, Object.fromEntries(Object.entries(requests).map(([name, request]) => [name, asking(request)])))
  const cases: Array<[string, Record<string, unknown>, string]> = [
    ['form', {}, 'elicitation.form'],
    ['form', { elicitation: { url: {} } }, 'elicitation.form'],
    ['page', { elicitation: {} }, 'elicitation.url'],
    ['page', { elicitation: { form: {} } }, 'elicitation.url'],
    ['sample', { elicitation: {} }, 'sampling'],
    ['sample_with_tools', { sampling: {} }, 'sampling.tools']
  ]
  for (const [name, capabilities, missing] of cases) {
    const words = `This needs a client with the capability ${missing}, which yours doesn't have`
    const session = await openSession(address, capabilities)
    t.match(await answerOf(await post(address, toolCall(1, name), session)), { result: { isError: true, content: [{ text: words }] } }, words)
    t.match(await answerOf(await postStateless(address, 'tools/call', { name }, { capabilities })), { error: { code: -32021, message: words } }, words)
  }
  for (const [name, capabilities] of [['form', { elicitation: {} }], ['form', { elicitation: { form: {} } }], ['page', { elicitation: { url: {} } }], ['sample', { sampling: {} }], ['sample_with_tools', { sampling: { tools: {} } }]] as const) {
    t.match(await answerOf(await postStateless(address, 'tools/call', { name }, { capabilities })), { result: { resultType: 'input_required' } }, `${name} ${JSON.stringify(capabilities)}`)
  }
})

t.test('what must happen only once does so without a result, too, and a result that is no JSON is a fault', async (t) => {
  let effects = 0
  const { address, logLines } = await start(t, {
    silent: async ({ ask, once }) => {
      const nothing = await once('effect', async () => { effects++ })
      await ask('question', FORM)
      return { text: String(nothing) }
    },
    big: async (operation) => {
      await operation.once('effect', async () => 10n)
      return asking(FORM)(operation)
    }
  })
  const capabilities = { elicitation: {} }
  const { result: { requestState } } = Object(await answerOf(await postStateless(address, 'tools/call', { name: 'silent' }, { capabilities })))
  const inputResponses = { question: { action: 'accept', content: { count: 3 } } }
  t.match(await answerOf(await postStateless(address, 'tools/call', { name: 'silent', requestState, inputResponses }, { capabilities })), { result: { content: [{ text: 'undefined' }] } })
  t.equal(effects, 1)

  t.match(await answerOf(await postStateless(address, 'tools/call', { name: 'big' }, { capabilities })), { result: { isError: true, content: [{ text: /because of a fault in the server/ }] } })
  t.ok(logLines.some((line) => line.includes('BigInt')))
})
