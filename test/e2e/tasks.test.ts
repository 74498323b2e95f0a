import { CallToolResultSchema, ElicitRequestSchema, type Task } from '@modelcontextprotocol/sdk/types.js'
import type { Client } from '@modelcontextprotocol/sdk/client/index.js'
import path from 'node:path'
import t from 'tap'
import { connect, initialize, JSON_HEADERS, messagesOf, openSession, post, startEmulator, startService, until } from '../helper.ts'
import { startCluster } from './replica-cluster.ts'
import { startServerProcess } from './server-process.ts'
import { connectWandering } from './wandering-client.ts'

const RELATED_TASK = 'io.modelcontextprotocol/related-task'

interface Outcome {
  states: Task[]
  result: Record<string, unknown> | undefined
  error: string | undefined
}

/** Calls a tool as a task with the SDK's own way of waiting for it. */
async function runTask (client: Client, name: string, args: Record<string, unknown>, onTask?: (taskId: string) => unknown): Promise<Outcome> {
  const outcome: Outcome = { states: [], result: undefined, error: undefined }
  const stream = client.experimental.tasks.callToolStream({ name, arguments: args }, undefined, { task: {} })
  for await (const message of stream) {
    if (message.type === 'taskCreated') await onTask?.(message.task.taskId)
    if (message.type === 'taskCreated' || message.type === 'taskStatus') outcome.states.push(message.task)
    if (message.type === 'result') outcome.result = { ...message.result }
    if (message.type === 'error') outcome.error = message.error.message
  }
  return outcome
}

async function startTask (client: Client, agent: string): Promise<Task> {
  const stream = client.experimental.tasks.callToolStream({ name: 'dust_ask_agent', arguments: { agent, message: 'Go on' } }, undefined, { task: {} })
  for await (const message of stream) {
    if (message.type === 'taskCreated') return message.task
    if (message.type === 'error') throw message.error
  }
  throw new Error('there is no task')
}

async function sessionAt (address: string): Promise<(message: object, more?: Record<string, string>) => Promise<Response>> {
  const session = await openSession(address)
  return (message, more = {}) => post(address, { jsonrpc: '2.0', ...message }, { ...session, ...more })
}

const createTask = { id: 1, method: 'tools/call', params: { name: 'dust_ask_agent', arguments: { agent: 'essayist', message: 'Go on' }, task: { ttl: 60_000 }, _meta: { progressToken: 'p' } } }

t.test('a client that asks for a task gets one at once, sees what is going on, and has the answer in the end', async (t) => {
  const { emulator: { emulator: dust }, environment } = await startEmulator(t, { pace: 0.02 })
  const { client } = await connect(t, (await startService(t, environment)).address)
  t.same(client.getServerCapabilities()?.tasks, { cancel: {}, requests: { tools: { call: {} } } })
  const { tools } = await client.listTools()
  t.same(tools.filter(({ execution }) => execution?.taskSupport === 'optional').map(({ name }) => name).sort(), ['dust_answer_approval', 'dust_ask_agent', 'dust_follow_run', 'dust_retry_message'])

  const { states: [created, ...states], result } = await runTask(client, 'dust_ask_agent', { agent: 'researcher', message: 'What is new?' })
  t.match(created, { status: 'working', ttl: 15 * 60_000, pollInterval: Number, createdAt: /Z$/, lastUpdatedAt: /Z$/ })
  t.ok(states.every(({ taskId }) => taskId === created?.taskId))
  t.equal(states.at(-1)?.status, 'completed')
  t.match(result?.['structuredContent'], { status: 'succeeded', answer: [...dust.workspace.runs.values()][0]?.message.content })
  t.match(result?.['_meta'], { [RELATED_TASK]: { taskId: created?.taskId } })
  t.same(await client.experimental.tasks.getTaskResult(created?.taskId ?? '', CallToolResultSchema), result, 'as often as it wants')
})

t.test('says what an agent does meanwhile, and why a task failed', async (t) => {
  const { emulator: { emulator: dust }, environment } = await startEmulator(t)
  const { address } = await startService(t, environment)
  const { client } = await connect(t, address)
  const failed = await runTask(client, 'dust_ask_agent', { agent: 'nobody', message: 'Hello' })
  t.match(failed.states.at(-1), { status: 'failed', statusMessage: /No single agent is called/ })

  dust.pace.factor = 1
  const send = await sessionAt(address)
  const { result: { task } } = Object(await (await send({ ...createTask, params: { ...createTask.params, arguments: { agent: 'researcher', message: 'Go on' } } })).json())
  const state = async () => Object(await (await send({ id: 2, method: 'tasks/get', params: { taskId: task.taskId } })).json()).result
  await until(async () => /Search/i.test((await state()).statusMessage ?? ''))
  t.match(await state(), { status: 'working' })
})

t.test('a person is asked while the client waits for the result, and once', async (t) => {
  const { emulator: { emulator: dust }, environment } = await startEmulator(t)
  const { address } = await startService(t, environment)
  const { client } = await connect(t, address, undefined, undefined, { elicitation: {} })
  const questions: unknown[] = []
  client.setRequestHandler(ElicitRequestSchema, async ({ params }) => {
    questions.push(params._meta?.[RELATED_TASK])
    return { action: 'accept', content: { decision: 'approve' } }
  })
  const { states, result } = await runTask(client, 'dust_ask_agent', { agent: 'deployer', message: 'Put the shop online' })
  t.match(states.at(-1), { status: /input_required|completed/ })
  t.match(result?.['structuredContent'], { status: 'succeeded', answer: /Approved/ })
  t.same(questions, [{ taskId: states[0]?.taskId }])
  t.equal(dust.workspace.runs.size, 1)
  await client.experimental.tasks.getTaskResult(states[0]?.taskId ?? '', CallToolResultSchema)
  t.equal(questions.length, 1)
})

t.test('a task can be cancelled, and its run with it', async (t) => {
  const { emulator: { emulator: dust }, environment } = await startEmulator(t, { pace: 1 })
  const { client } = await connect(t, (await startService(t, environment)).address)
  const { taskId } = await startTask(client, 'essayist')
  await until(() => dust.workspace.runs.size > 0)
  const waiting = client.experimental.tasks.getTaskResult(taskId, CallToolResultSchema)
  waiting.catch(() => {}) // looked at below
  t.match(await client.experimental.tasks.cancelTask(taskId), { taskId, status: 'cancelled' })
  await t.rejects(waiting, { message: /The task was cancelled/ })
  await until(() => [...dust.workspace.runs.values()].every(({ message: { status } }) => status === 'cancelled'))
  t.match(await client.experimental.tasks.getTask(taskId), { status: 'cancelled' })
  await t.rejects(client.experimental.tasks.cancelTask(taskId), { code: -32602 })
  await t.rejects(client.experimental.tasks.getTaskResult(taskId, CallToolResultSchema), { message: /The task was cancelled/ })
})

t.test('knows only tasks of the same session, and only of tools that can be tasks', async (t) => {
  const { environment } = await startEmulator(t, { pace: 1 })
  const { address } = await startService(t, environment)
  const [mine, other] = [await sessionAt(address), await sessionAt(address)]
  const { result: { task } } = Object(await (await mine(createTask)).json())
  for (const [send, taskId] of [[other, task.taskId], [mine, 'none'], [mine, '../x~1'], [mine, '\ud800'], [mine, `${task.taskId}~7`], [mine, undefined]] as const) {
    for (const method of ['tasks/get', 'tasks/result', 'tasks/cancel']) t.match(await (await send({ id: 2, method, params: { taskId } })).json(), { id: 2, error: { code: -32602 } })
  }
  t.match(await (await mine({ id: 'x'.repeat(100), method: 'tasks/result', params: { taskId: task.taskId } })).json(), { error: { code: -32600 } })
  t.match(await (await mine({ id: 4, method: 'tasks/get', params: { taskId: task.taskId } })).json(), { result: { status: 'working' } })
  t.match(await (await mine({ id: 5, method: 'tools/call', params: { name: 'dust_list_agents', task: {} } })).json(), { error: { code: -32601, message: /can't be called as a task/ } })
  t.match(await (await mine({ id: 6, method: 'tools/call', params: { name: 'none', task: {} } })).json(), { error: { code: -32602, message: /Unknown tool/ } })

  const old = await post(address, { ...initialize, params: { ...initialize.params, protocolVersion: '2025-06-18' } })
  const session = { 'mcp-session-id': old.headers.get('mcp-session-id') ?? '' }
  const { result } = Object(await (await post(address, { jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name: 'dust_list_agents', task: {} } }, session)).json())
  t.notOk(result.isError, 'a client of an older revision gets the answer')
})

t.test('whoever waits for a result comes back for the rest, and gets it under the id of the request for it', async (t) => {
  const { emulator: { emulator: dust }, environment } = await startEmulator(t, { pace: 0.2 })
  const { address } = await startService(t, environment)
  const session = await openSession(address)
  const { result: { task } } = Object(await (await post(address, { jsonrpc: '2.0', ...createTask }, session)).json())
  await until(() => dust.workspace.runs.size > 0)

  const leaving = new AbortController()
  const first = await post(address, { jsonrpc: '2.0', id: 'waits', method: 'tasks/result', params: { taskId: task.taskId } }, session, leaving.signal)
  let read = ''
  const reader = first.body?.pipeThrough(new TextDecoderStream()).getReader()
  while (!read.includes('"text"')) read += (await reader?.read())?.value ?? ''
  leaving.abort()
  await reader?.closed.catch(() => {}) // the abort
  const whole = read.slice(0, read.lastIndexOf('\n\n') + 2)
  const lastId = [...whole.matchAll(/^id: (.+)$/gm)].at(-1)?.[1] ?? ''

  const second = await fetch(new URL('/mcp', address), { headers: { ...JSON_HEADERS, ...session, 'last-event-id': lastId } })
  const messages = [...messagesOf(whole), ...messagesOf(await second.text())].map(Object)
  const numbers = messages.filter(({ method }) => method === 'notifications/progress').map(({ params }) => params.progress)
  t.same(numbers, [...new Set(numbers)].sort((a, b) => a - b), 'each progress once, in order')
  t.ok(numbers.length > 1)
  for (const { params, result } of messages) t.match((params ?? result)._meta, { [RELATED_TASK]: { taskId: task.taskId } })
  t.match(messages.at(-1), { id: 'waits', result: { structuredContent: { status: 'succeeded', answer: [...dust.workspace.runs.values()][0]?.message.content } } })
})

t.test('a task survives the process', async (t) => {
  const { emulator: { emulator: dust }, environment } = await startEmulator(t, { pace: 0.2 })
  const settings = { ...environment, STORE_URL: `sqlite:${path.join(t.testdir(), 'store.db')}`, DUST_AGENT_TOOLS: 'false' }
  const first = await startServerProcess(t, settings)
  const { client } = await connect(t, first.address)
  const { states, result } = await runTask(client, 'dust_ask_agent', { agent: 'essayist', message: 'Go on' }, async () => {
    // By then it's noted that the agent was asked.
    await until(() => (dust.requests()['messages.events'] ?? 0) > 0)
    first.child.kill('SIGKILL')
    await first.ended
    await startServerProcess(t, { ...settings, PORT: new URL(first.address).port })
  })
  t.equal(states.at(-1)?.status, 'completed')
  t.match(result?.['structuredContent'], { status: 'succeeded', answer: [...dust.workspace.runs.values()][0]?.message.content })
  t.equal(dust.workspace.runs.size, 1, 'the agent was asked once')
})

t.test('any replica knows of a task, sends its result, and cancels it', async (t) => {
  const cluster = await startCluster(t, 2)
  if (cluster === null) return
  const { dust, addresses } = cluster
  dust.pace.factor = 0.2
  const { client, landings } = await connectWandering(t, addresses, { 'tools/call': 0, 'tasks/get': 1, 'tasks/result': 1, 'tasks/cancel': 1 })
  const { taskId } = await startTask(client, 'essayist')
  const result = await client.experimental.tasks.getTaskResult(taskId, CallToolResultSchema)
  t.match(result['structuredContent'], { status: 'succeeded', answer: [...dust.workspace.runs.values()][0]?.message.content })
  t.ok(landings.some(({ what, at }) => what === 'tools/call' && at === 0) && landings.some(({ what, at }) => what === 'tasks/result' && at === 1))
  const next = await startTask(client, 'essayist')
  await until(() => dust.workspace.runs.size > 1)
  t.match(await client.experimental.tasks.cancelTask(next.taskId), { status: 'cancelled' })
  await until(() => [...dust.workspace.runs.values()].some(({ message: { status } }) => status === 'cancelled'))
})
