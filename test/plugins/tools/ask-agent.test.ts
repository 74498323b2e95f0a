import type { Client } from '@modelcontextprotocol/sdk/client/index.js'
import t from 'tap'
import { connect, startEmulator, startService, until } from '../../helper.ts'

interface Asked {
  text: string
  isError: boolean
  structured: Record<string, unknown>
  progress: Array<{ progress: number, message: string, kind: unknown }>
}

/** Asks with the SDK's client, which checks the result against the tool's output schema. */
async function ask (client: Client, args: Record<string, unknown>, signal?: AbortSignal): Promise<Asked> {
  const progress: Asked['progress'] = []
  const result = await client.callTool({ name: 'dust_ask_agent', arguments: args }, undefined, {
    onprogress: (notification) => {
      progress.push({ progress: notification.progress, message: notification.message ?? '', kind: Object(Object(notification)._meta)['mcp-dust-server/kind'] })
    },
    resetTimeoutOnProgress: true,
    ...(signal === undefined ? {} : { signal })
  })
  const content: unknown[] = Array.isArray(result.content) ? result.content : []
  return { text: String(Object(content[0]).text), isError: result.isError === true, structured: Object(result.structuredContent), progress }
}

function textOf ({ progress }: Asked): string {
  return progress.filter(({ kind }) => kind === 'text').map(({ message }) => message).join('')
}

t.test('answers, and streams the answer as progress that can be put together again', async (t) => {
  const { emulator, environment } = await startEmulator(t, { pace: 0.05 })
  const { address } = await startService(t, environment)
  const { client } = await connect(t, address)
  const asked = await ask(client, { agent: 'essayist', message: 'What is quality?' })

  const record = emulator.emulator.message(String(asked.structured['messageId']))
  t.equal(asked.isError, false)
  t.match(asked.structured, { status: 'succeeded', answer: record?.content, agent: { id: 'essayist', name: 'Essayist' }, conversationId: record?.conversationId, toolSteps: [] })
  t.match(asked.structured['url'], /^http/)
  t.equal(asked.text, `${record?.content}\n\nconversationId: ${record?.conversationId}`)
  t.ok(asked.progress.length >= 3, `${asked.progress.length} notifications`)
  t.equal(textOf(asked), record?.content)
  const numbers = asked.progress.map(({ progress }) => progress)
  t.same(numbers, [...numbers].sort((a, b) => a - b), 'progress grows')
})

t.test('goes on in the same conversation, by the name of the agent in any case', async (t) => {
  const { environment } = await startEmulator(t)
  const { address } = await startService(t, environment)
  const { client } = await connect(t, address)
  const first = await ask(client, { agent: '@RESEARCHER', message: 'Who makes the best bread?' })
  const second = await ask(client, { agent: 'researcher', message: 'And cake?', conversationId: first.structured['conversationId'] })
  t.equal(second.structured['conversationId'], first.structured['conversationId'])
  t.match(second.structured['answer'], /Who makes the best bread\?/)
})

t.test('tells the agent\'s tool steps', async (t) => {
  const { environment } = await startEmulator(t)
  const { address } = await startService(t, environment)
  const { client } = await connect(t, address)
  const asked = await ask(client, { agent: 'researcher', message: 'Find it' })
  t.match(asked.structured['toolSteps'], [{ tool: 'semantic_search', status: 'succeeded' }, { tool: 'websearch', status: 'succeeded' }])
  const steps = asked.progress.filter(({ kind }) => kind === 'step').map(({ message }) => message)
  t.match(steps.join('\n'), /got the message[\s\S]*semantic_search[\s\S]*websearch/)
})

t.test('brings a very long answer unharmed', async (t) => {
  const { emulator, environment } = await startEmulator(t)
  const { address } = await startService(t, environment)
  const { client } = await connect(t, address)
  const asked = await ask(client, { agent: 'novelist', message: 'Write' })
  const record = emulator.emulator.message(String(asked.structured['messageId']))
  t.ok(Buffer.byteLength(String(record?.content)) > 200_000)
  t.equal(asked.structured['answer'], record?.content)
})

t.test('an agent that fails is an error with its reason and the conversation', async (t) => {
  const { environment } = await startEmulator(t)
  const { address } = await startService(t, environment)
  const { client } = await connect(t, address)
  const asked = await ask(client, { agent: 'unlucky', message: 'Try' })
  t.equal(asked.isError, true)
  t.match(asked.structured, { status: 'failed', agent: { id: 'unlucky' } })
  t.match(asked.text, /Unlucky failed: .+\n\nconversationId: \w+$/)
})

t.test('ends with a status and an address when a person must act', async (t) => {
  const { environment } = await startEmulator(t)
  const { address } = await startService(t, environment)
  const { client } = await connect(t, address)
  const waiting = { deployer: 'waiting_for_approval', teamlead: 'waiting_for_approval', concierge: 'waiting_for_answer', secretary: 'waiting_for_authorization' }
  for (const [agent, status] of Object.entries(waiting)) {
    const asked = await ask(client, { agent, message: 'Do it' })
    t.equal(asked.structured['status'], status, agent)
    t.match(asked.text, new RegExp(`Open ${String(asked.structured['url'])} to decide`))
  }
})

t.test('a cancelled call is cancelled in Dust', async (t) => {
  const { emulator, environment } = await startEmulator(t, { pace: 1 })
  const { address } = await startService(t, environment)
  const { client } = await connect(t, address)
  const cancelled = new AbortController()
  const call = ask(client, { agent: 'essayist', message: 'Take your time' }, cancelled.signal)
  call.catch(() => {}) // looked at below
  await until(() => emulator.emulator.workspace.runs.size === 1)
  cancelled.abort()
  await t.rejects(call)
  await until(() => emulator.emulator.cancels.length === 1)
  const [cancel] = emulator.emulator.cancels
  await until(() => emulator.emulator.message(String(cancel?.messageId))?.status === 'cancelled')
})

t.test('a session that is deleted cancels its runs in Dust', async (t) => {
  const { emulator, environment } = await startEmulator(t, { pace: 1 })
  const { address } = await startService(t, environment)
  const { client, transport } = await connect(t, address)
  const call = ask(client, { agent: 'essayist', message: 'Take your time' })
  call.catch(() => {})
  await until(() => emulator.emulator.workspace.runs.size === 1)
  await transport.terminateSession()
  await until(() => emulator.emulator.cancels.length === 1)
  await client.close()
  await t.rejects(call)
})

t.test('a run that takes too long goes on without the call, and its answer can be read later', async (t) => {
  const { emulator, environment } = await startEmulator(t, { pace: 1 })
  const { address } = await startService(t, { ...environment, DUST_RUN_TIMEOUT: '300ms' })
  const { client } = await connect(t, address)
  const asked = await ask(client, { agent: 'essayist', message: 'Take your time' })
  t.match(asked.structured, { status: 'running' })
  t.match(asked.text, /hasn't finished within .* dust_get_conversation/)
  t.equal(emulator.emulator.cancels.length, 0)

  const read = async (): Promise<unknown> => (await client.callTool({ name: 'dust_get_conversation', arguments: { conversationId: asked.structured['conversationId'], last: 1 } })).structuredContent
  t.match(await read(), { messages: [{ from: 'Essayist', status: 'running', content: '' }] })
  emulator.emulator.pace.factor = 0
  await until(() => emulator.emulator.message(String(asked.structured['messageId']))?.status === 'succeeded')
  t.match(await read(), { messages: [{ status: 'succeeded', content: emulator.emulator.message(String(asked.structured['messageId']))?.content }] })
})

t.test('an unknown agent is an error that names similar ones', async (t) => {
  const { emulator, environment } = await startEmulator(t)
  const { address } = await startService(t, environment)
  const { client } = await connect(t, address)
  const asked = await ask(client, { agent: 'Resarcher', message: 'Hello' })
  t.equal(asked.isError, true)
  t.match(asked.text, /No single agent is called "Resarcher"\. Did you mean one of these\? Researcher \(id: researcher\)/)
  t.match((await ask(client, { agent: 'no such agent', message: 'Hello' })).text, /No single agent/)
  t.match((await ask(client, { agent: 'retired', message: 'Hello' })).text, /can't be asked|No single agent/)
  t.match((await ask(client, { agent: 'dust', message: 'Hello', conversationId: 'nowhere' })).text, /conversation/i)
  t.equal(emulator.emulator.workspace.runs.size, 0)
})

t.test('neither the key nor prompts nor answers are logged', async (t) => {
  const { environment } = await startEmulator(t)
  const { address, logLines } = await startService(t, environment)
  const { client } = await connect(t, address)
  const asked = await ask(client, { agent: 'dust', message: 'The secret word is xylophone' })
  t.match(asked.structured['answer'], /xylophone/)
  await ask(client, { agent: 'unlucky', message: 'The secret word is xylophone' })
  await ask(client, { agent: 'dust', message: 'The secret word is xylophone', conversationId: 'nowhere' })
  t.notMatch(logLines.join(''), /xylophone|sk-demo/)
})
