import { Type } from '@sinclair/typebox'
import t, { type Test } from 'tap'
import { postStateless, type StatelessOptions } from '../fixtures/stateless.ts'
import { addTestTools } from '../fixtures/tools.ts'
import { messagesOf, startServiceAlone } from '../helper.ts'

/** Nothing is wrong with it, but clients don't say it: such a request is left to the SDK. */
const UNUSUAL = { 'test.example/unusual': true }

async function start (t: Test): Promise<string> {
  const { address } = await startServiceAlone(t, {}, (service) => {
    addTestTools(service)
    const { mcp } = service
    mcp.addTool({ name: 'sample', description: 'Asks the model.', input: Type.Object({ about: Type.String({ default: 'all' }) }) }, async ({ about }, { ask }) => {
      const { content } = await ask('words', { method: 'sampling/createMessage', params: { messages: [{ role: 'user', content: { type: 'text', text: about } }], maxTokens: 10 } })
      return { structured: { content } }
    })
    mcp.addTool({ name: 'slow', description: 'Usually takes long.', input: Type.Object({}), longRunning: true }, () => ({ text: 'at last' }))
    mcp.addTool({ name: 'blocks', description: 'Has an answer of its own kind.', input: Type.Object({}) }, () => ({
      content: [{ type: 'text', text: 'one', annotations: { priority: 1 } }, { type: 'image', data: 'AAAA', mimeType: 'image/png' }]
    }))
    mcp.addResource({ uri: 'test://words', name: 'words' }, () => ({ text: 'words' }))
    for (let number = 0; number < 260; number++) mcp.addPrompt({ name: `prompt-${number}`, description: 'One of many.', input: Type.Object({}) }, () => 'hello')
  })
  return address
}

/** All that a client gets: but for what the server signs, which is new each time. */
async function askFor (address: string, method: string, params: Record<string, unknown>, options: StatelessOptions) {
  const response = await postStateless(address, method, params, options)
  const text = await response.text()
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true
  const messages: unknown[] = isStream ? messagesOf(text) : [JSON.parse(text)]
  return JSON.parse(JSON.stringify({ status: response.status, isStream, messages }, (key, value: unknown) => key === 'requestState' ? typeof value : value))
}

const sampling = { capabilities: { sampling: {} } }

const REQUESTS: ReadonlyArray<[method: string, params?: Record<string, unknown>, options?: StatelessOptions]> = [
  ['tools/list'],
  ['tools/list', { cursor: 'nothing' }],
  ['prompts/list'],
  ['prompts/list', { cursor: Buffer.from('prompt-249').toString('base64url') }],
  ['prompts/list', { cursor: Buffer.from('prompt-7').toString('base64url') }],
  ['resources/list'],
  ['resources/templates/list'],
  ['resources/read', { uri: 'test://words' }],
  ['resources/read', { uri: 'test://nothing' }],
  ['tools/call', { name: 'echo', arguments: { text: 'hello' } }],
  ['tools/call', { name: 'echo', arguments: { text: 'hello' } }, { id: 'a name' }],
  ['tools/call', { name: 'echo', arguments: { text: 7 } }],
  ['tools/call', { name: 'nothing' }],
  ['tools/call', { name: 'refuse' }],
  ['tools/call', { name: 'crash' }],
  ['tools/call', { name: 'lie' }],
  ['tools/call', { name: 'blocks' }],
  ['tools/call', { name: 'progress' }],
  ['tools/call', { name: 'progress' }, { progressToken: 'token' }],
  ['tools/call', { name: 'progress' }, { logLevel: 'warning' }],
  ['tools/call', { name: 'slow' }],
  ['tools/call', { name: 'sample' }, sampling],
  ['tools/call', { name: 'sample', arguments: { about: 'this' } }],
  ['tools/call', { name: 'sample', arguments: { about: 'this' } }, { progressToken: 'token' }]
]

t.test('a request that is plain is answered as the SDK has it answered', async (t) => {
  const address = await start(t)
  for (const [method, params = {}, options = {}] of REQUESTS) {
    const plain = await askFor(address, method, params, options)
    const other = await askFor(address, method, params, { ...options, meta: UNUSUAL })
    t.same(plain, other, `${method} ${JSON.stringify(params)} ${JSON.stringify(options)}`)
  }
})

t.test('a question that was asked in one way can be answered in the other', async (t) => {
  const address = await start(t)
  const { result } = Object(await (await postStateless(address, 'tools/call', { name: 'sample' }, sampling)).json())
  const answer = { role: 'assistant', content: { type: 'text', text: 'words' }, model: 'test' }
  const { requestState } = result
  const response = await postStateless(address, 'tools/call', { name: 'sample', inputResponses: { words: answer }, requestState }, sampling)
  t.match(await response.json(), { result: { structuredContent: { content: { text: 'words' } }, resultType: 'complete' } })
})
