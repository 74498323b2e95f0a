import t, { type Test } from 'tap'
import { postStateless } from '../../fixtures/stateless.ts'
import { answerOf, startService } from '../../helper.ts'
import { agentMessage, apiKey, conversation, startDust, text, userMessage } from './scripted-dust.ts'

/** What JSON can write and JavaScript can't hold, and times that no calendar has. */
const NUMBERS = ['1e400', '-1e400', '1.5', '8640000000000001', '253402300800000', '-1', '9007199254740993', '"x"', 'null', '{}']

/** Calls a tool of a service whose Dust answers this, with every `"?"` become an odd number. */
async function ask (t: Test, answer: object, tool: string, args: Record<string, unknown>): Promise<unknown[]> {
  const results: unknown[] = []
  let json = ''
  const dust = await startDust(t, (call) => { text(call, 200, 'application/json', json) })
  const { address } = await startService(t, { DUST_BASE_URL: dust.baseUrl, DUST_API_KEY: apiKey, DUST_WORKSPACE_ID: 'demo' })
  for (const number of NUMBERS) {
    json = JSON.stringify(answer).replaceAll('"?"', number)
    results.push(Object(await answerOf(await postStateless(address, 'tools/call', { name: tool, arguments: args }))).result)
  }
  return results
}

t.test('a conversation with odd times is read nevertheless', async (t) => {
  const answer = conversation(userMessage({ created: '?' }), agentMessage({ status: 'succeeded', content: 'Hi', created: '?', actions: [{ sId: 'a1', executionDurationMs: '?', step: '?' }] }))
  for (const result of await ask(t, answer, 'dust_get_conversation', { conversationId: 'c1' })) {
    t.match(result, { structuredContent: { messages: [{ createdAt: /^\d{4}-/ }, { createdAt: /^\d{4}-/, content: 'Hi' }] } })
  }
})

t.test('and so is one that ends with something attached', async (t) => {
  const { conversation: read } = conversation({ type: 'content_fragment', sId: 'f1', title: 'A' })
  for (const result of await ask(t, { conversation: { ...read, created: '?', updated: '?' } }, 'dust_get_conversation', { conversationId: 'c1' })) {
    t.match(result, { structuredContent: { messages: [{ status: 'attached', createdAt: /^\d{4}-/ }] } })
  }
})

t.test('nodes with odd times and an odd total are found nevertheless', async (t) => {
  const answer = { nodes: [{ internalId: 'n1', title: 'One', lastUpdatedAt: '?' }], resultsCount: '?' }
  for (const result of await ask(t, answer, 'dust_search_nodes', { query: 'one', spaceIds: ['s1'] })) {
    t.match(result, { structuredContent: { nodes: [{ nodeId: 'n1' }] } })
  }
})

t.test('an agent with odd numbers is known nevertheless', async (t) => {
  const answer = { agentConfiguration: { sId: 'a1', name: 'One', status: 'active', maxStepsPerRun: '?' }, agentConfigurations: [] }
  for (const result of await ask(t, answer, 'dust_get_agent', { agent: 'a1' })) t.match(result, { structuredContent: { id: 'a1', maxStepsPerRun: Number } })
})

t.test('half a character in an id makes no address impossible', async (t) => {
  const dust = await startDust(t, (call) => { text(call, 200, 'application/json', '{"agentConfigurations":[{"sId":"a\\ud800","name":"\\udc00\\ud83d\\ude00","status":"active"}]}') })
  const { address } = await startService(t, { DUST_BASE_URL: dust.baseUrl, DUST_API_KEY: apiKey, DUST_WORKSPACE_ID: 'demo' })
  t.match(await answerOf(await postStateless(address, 'resources/read', { uri: 'dust://agents' })), { result: { contents: [{ text: /\ufffd\u{1f600}.*dust:\/\/agents\/a%EF%BF%BD/u }] } })
})
