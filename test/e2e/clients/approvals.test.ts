import t, { type Test } from 'tap'
import { startEmulator, startService, until } from '../../helper.ts'
import { CLIENTS, connectAs } from './connect-as.ts'
import type { Person, Question } from './official-client.ts'

async function start (t: Test, environment: Record<string, string> = {}) {
  const { emulator, environment: access } = await startEmulator(t)
  const { address } = await startService(t, { ...access, ...environment })
  return { dust: emulator.emulator, address }
}

/** A person who answers each question with the next of these, and what they were asked. */
function answering (...answers: Array<Awaited<ReturnType<Person>>>): { person: Person, questions: Question[] } {
  const questions: Question[] = []
  return { questions, person: async (question) => answers[questions.push(question) - 1] ?? { action: 'cancel' } }
}

/** A person who sits before the question and does something else. */
async function elsewhere (signal: AbortSignal, act: () => void): ReturnType<Person> {
  const left = new Promise<void>((resolve) => { signal.addEventListener('abort', () => { resolve() }) })
  act()
  await left
  return { action: 'cancel' }
}

const ONE_DAY_MS = 86_400_000
const approve = { action: 'accept', content: { decision: 'approve' } } as const
const reject = { action: 'accept', content: { decision: 'reject' } } as const
const ask = (agent: string) => ({ agent, message: 'Put the shop online' })

for (const { kind } of CLIENTS.filter(({ era }) => era === 'session')) {
  t.test(`${kind}: whoever cancels the call need not look at its question any more`, async (t) => {
    const { dust, address } = await start(t)
    const givenUp = new AbortController()
    let isWithdrawn = false
    const client = await connectAs(t, kind, address, {
      person: async ({ signal }) => {
        await elsewhere(signal, () => { givenUp.abort() })
        isWithdrawn = true
        return approve
      }
    })
    await t.rejects(client.call('dust_ask_agent', ask('deployer'), { signal: givenUp.signal }))
    await until(() => isWithdrawn && dust.cancels.length === 1)
    t.ok((await client.tools()).length > 0, 'and goes on')
    t.equal(dust.requests()['actions.validate'], undefined)
  })
}

for (const { kind, era } of CLIENTS) {
  t.test(`${kind}: a person approves what an agent wants to do, and sees what it is`, async (t) => {
    const { dust, address } = await start(t)
    const { person, questions } = answering(approve)
    const client = await connectAs(t, kind, address, { person })
    const { structured, isError } = await client.call('dust_ask_agent', ask('deployer'))
    t.match(structured, { status: 'succeeded', answer: /Approved.*live in production/, toolSteps: [{ tool: 'deploy_service', status: 'succeeded' }] })
    t.equal(isError, false)
    t.equal(questions.length, 1)
    t.match(questions[0]?.message, /^Deployer wants to use deploy_service of deployments\.\nStake: high\.\nInputs: \{[^]*"environment": "production"/)
    t.equal(dust.workspace.runs.size, 1, 'the agent was asked once')
    t.equal(dust.requests()['actions.validate'], 1)
  })

  t.test(`${kind}: a person rejects it, by the form or by declining it`, async (t) => {
    const { dust, address } = await start(t)
    const { person } = answering(reject, { action: 'decline' })
    const client = await connectAs(t, kind, address, { person })
    for (const way of ['form', 'decline']) t.match((await client.call('dust_ask_agent', ask('deployer'))).structured, { status: 'succeeded', answer: /You rejected the deployment/, toolSteps: [{ status: 'denied' }] }, way)
    t.equal(dust.workspace.runs.size, 2)
  })

  t.test(`${kind}: whoever closes the question has not decided, and can later`, async (t) => {
    const { dust, address } = await start(t)
    const { person, questions } = answering({ action: 'cancel' }, approve)
    const client = await connectAs(t, kind, address, { person })
    const { structured, text } = await client.call('dust_ask_agent', ask('deployer'))
    t.match(structured, { status: 'waiting_for_approval', waitingFor: [{ kind: 'approval', agent: 'Deployer', tool: 'deploy_service', stake: 'high' }] })
    t.match(text, /Deployer wants to use deploy_service[^]*Open http[^]*dust_answer_approval/)
    t.equal(dust.requests()['actions.validate'], undefined)

    const { conversationId, waitingFor: [{ actionId }] } = Object(structured)
    const answered = await client.call('dust_answer_approval', { conversationId, actionId, decision: 'approve' })
    t.equal(questions.length, 2, 'the word of a model is not the person\'s')
    t.match(answered.structured, { status: 'succeeded', answer: /Approved/, messageId: structured['messageId'] })
    t.equal(dust.workspace.runs.size, 1)
  })

  t.test(`${kind}: a person answers an agent's questions: an option, several, words`, async (t) => {
    const { address } = await start(t)
    const { person, questions } = answering({ action: 'accept', content: { choice: '1' } }, { action: 'accept', content: { option0: true, option2: true } }, { action: 'accept', content: { other: 'It must be blue' } })
    const client = await connectAs(t, kind, address, { person })
    t.match((await client.call('dust_ask_agent', ask('concierge'))).structured, { status: 'succeeded', answer: /You chose: Thorough\./ })
    t.match(questions[0]?.message, /^Concierge asks: How deep[^]*- Thorough: Ten pages, on Friday\n- Surprise me$/)
    t.match((await client.call('dust_ask_agent', ask('surveyor'))).structured, { status: 'succeeded', answer: /what matters is Price, Support\. You added: It must be blue\./ })
    t.same(questions.map(({ fields }) => fields), [['choice', 'other'], ['option0', 'option1', 'option2', 'option3', 'other'], ['other']])
  })

  t.test(`${kind}: a sub-agent's wish reaches the person, and their answer the sub-agent`, async (t) => {
    const { address } = await start(t)
    const { person, questions } = answering(approve)
    const client = await connectAs(t, kind, address, { person })
    t.match((await client.call('dust_ask_agent', ask('teamlead'))).structured, { status: 'succeeded', answer: /My colleague reports: Approved/ })
    t.match(questions.map(({ message }) => message), [/^Deployer \(asked by Team lead\) wants to use deploy_service/])
  })

  t.test(`${kind}: two tools of one step are decided each for itself`, async (t) => {
    const { dust, address } = await start(t)
    const questions: string[] = []
    const client = await connectAs(t, kind, address, {
      person: async ({ message }) => {
        questions.push(message)
        return message.includes('place_order') ? approve : reject
      }
    })
    t.match((await client.call('dust_ask_agent', ask('quartermaster'))).structured, { status: 'succeeded', answer: /I ordered \d+ pieces and told nobody\./ })
    t.equal(questions.length, 2)
    t.match(questions.join(), /Stake: medium\.\nIt's about: amount\./)
    t.equal(dust.workspace.runs.size, 1)
  })

  t.test(`${kind}: somebody decides in Dust while the person thinks`, async (t) => {
    const { dust, address } = await start(t)
    let isWithdrawn = false
    const client = await connectAs(t, kind, address, {
      person: async ({ signal }) => {
        const [waiting] = [...dust.workspace.rooms.keys()].flatMap((room) => dust.workspace.pending.blockedIn(room))
        const decide = (): void => { dust.workspace.pending.settle(waiting?.actionId ?? '', { kind: 'approval', approved: false }) }
        if (era === 'session') {
          const answer = await elsewhere(signal, decide)
          isWithdrawn = true
          return answer
        }
        // Where there are no sessions, nobody can take the question back: it comes too late.
        decide()
        return approve
      }
    })
    for (const [agent, words] of Object.entries({ deployer: /^You rejected|You rejected the deployment/, teamlead: /You rejected the deployment/ })) {
      isWithdrawn = false
      t.match((await client.call('dust_ask_agent', ask(agent))).structured, { status: 'succeeded', answer: words }, agent)
      if (era === 'session') await until(() => isWithdrawn)
    }
  })

  t.test(`${kind}: a person is sent where they can give access, and the run goes on when they did`, async (t) => {
    const { dust, address } = await start(t)
    const urls: unknown[] = []
    const client = await connectAs(t, kind, address, {
      canOpenPages: true,
      person: async ({ url, message }) => {
        urls.push(url)
        t.match(message, /can't go on\. The agent needs/)
        const [waiting] = [...dust.workspace.rooms.keys()].flatMap((room) => dust.workspace.pending.blockedIn(room))
        // They say first that they go there.
        setImmediate(() => { dust.authorize(waiting?.actionId ?? '') })
        return { action: 'accept' }
      }
    })
    for (const [agent, words] of Object.entries({ secretary: /Now that I may read your mail/, bookkeeper: /Now that I may read Budget 2026/ })) {
      const { structured } = await client.call('dust_ask_agent', ask(agent))
      t.match(structured, { status: 'succeeded', answer: words })
      t.equal(urls.at(-1), structured['url'])
    }
    t.equal(urls.length, 2)
  })

  t.test(`${kind}: a client that opens no pages, or whose person does not go, is told the address`, async (t) => {
    const { address } = await start(t)
    for (const canOpenPages of [false, true]) {
      const client = await connectAs(t, kind, address, { canOpenPages, person: async () => ({ action: 'decline' }) })
      const { structured, text } = await client.call('dust_ask_agent', ask('secretary'))
      t.match(structured, { status: 'waiting_for_authorization', waitingFor: [{ kind: 'authorization', tool: 'get_messages' }] })
      t.match(text, new RegExp(`The agent needs a[^]*Open ${String(structured['url'])} to decide\\. Then stay with the run with dust_follow_run`))
    }
  })

  t.test(`${kind}: a client that can not be asked is told what waits, and nothing is approved`, async (t) => {
    const { dust, address } = await start(t)
    const client = await connectAs(t, kind, address, { canAnswer: false })
    const expected = { deployer: 'approval', teamlead: 'approval', concierge: 'answer', surveyor: 'answer', quartermaster: 'approval' }
    for (const [agent, need] of Object.entries(expected)) {
      const { structured } = await client.call('dust_ask_agent', ask(agent))
      t.match(structured, { status: `waiting_for_${need}`, waitingFor: [{ kind: need }] }, agent)
      t.equal(Object(structured['waitingFor']).length, agent === 'quartermaster' ? 2 : 1)
    }
    t.equal(dust.requests()['actions.validate'], undefined)
  })

  t.test(`${kind}: DUST_TOOL_APPROVAL=reject refuses every tool, and asks nobody`, async (t) => {
    const { address } = await start(t, { DUST_TOOL_APPROVAL: 'reject' })
    const { person, questions } = answering(approve)
    for (const canAnswer of [true, false]) {
      const client = await connectAs(t, kind, address, { canAnswer, person })
      t.match((await client.call('dust_ask_agent', ask('deployer'))).structured, { status: 'succeeded', answer: /You rejected/ })
      t.match((await client.call('dust_ask_agent', ask('quartermaster'))).structured, { status: 'succeeded', answer: /ordered nothing and told nobody/ })
    }
    t.same(questions, [])
  })

  t.test(`${kind}: DUST_TOOL_APPROVAL=return ends the call, and asks nobody`, async (t) => {
    const { address } = await start(t, { DUST_TOOL_APPROVAL: 'return' })
    const { person, questions } = answering()
    const client = await connectAs(t, kind, address, { person })
    const { structured } = await client.call('dust_ask_agent', ask('deployer'))
    t.match(structured, { status: 'waiting_for_approval', waitingFor: [{ tool: 'deploy_service' }] })
    const { conversationId, waitingFor: [{ actionId }] } = Object(structured)
    t.match((await client.call('dust_answer_approval', { conversationId, actionId, decision: 'approve' })).structured, { status: 'succeeded', answer: /Approved/ })
    t.same(questions, [])
  })
}

for (const { kind, era } of CLIENTS) {
  t.test(`${kind}: time runs out while the person thinks: the agent waits on, and can be helped later`, async (t) => {
    const { dust, address } = await start(t, era === 'session' ? { DUST_RUN_TIMEOUT: '300ms' } : {})
    let isOver = false
    const client = await connectAs(t, kind, address, {
      person: async ({ signal }) => {
        // Where there are no sessions, nobody waits for the answer, but it isn't good for ever.
        if (era === 'stateless') passTime(t, ONE_DAY_MS)
        else await elsewhere(signal, () => {})
        isOver = true
        return approve
      }
    })
    const call = client.call('dust_ask_agent', ask('deployer'))
    if (era === 'session') t.match((await call).structured, { status: 'waiting_for_approval', waitingFor: [{ tool: 'deploy_service' }] })
    else await t.rejects(call, /expired requestState/)
    await until(() => isOver)
    t.equal(dust.cancels.length, 0)
    t.equal(dust.requests()['actions.validate'], undefined)
    const [run] = dust.workspace.runs.values()
    const conversationId = run?.conversationId
    const { structured: { waitingFor } } = await client.call('dust_list_pending_approvals', { conversationId })
    const [{ actionId }] = Object(waitingFor)
    const rejected = await client.call('dust_answer_approval', { conversationId, actionId, decision: 'reject' })
    t.match(rejected.structured, { status: 'succeeded', answer: /You rejected/ })
    t.equal(dust.workspace.runs.size, 1)
  })
}

/** Until the test ends, it is so much later than it was. */
function passTime (t: Test, ms: number): void {
  const { now } = Date
  t.teardown(() => { Date.now = now })
  Date.now = () => now() + ms
}

t.test('an answer that Dust does not take from the key leaves the agent waiting, with the reason', async (t) => {
  const { dust, address } = await start(t)
  dust.faults.replace([{ kind: 'error', status: 500, type: 'internal_server_error', message: 'Failed to validate action', operation: 'actions.validate', times: 'always' }])
  for (const { kind } of CLIENTS) {
    const client = await connectAs(t, kind, address, { person: async () => approve })
    const { structured, text } = await client.call('dust_ask_agent', ask('deployer'))
    t.match(structured, { status: 'waiting_for_approval', waitingFor: [{ tool: 'deploy_service' }] }, kind)
    t.match(text, /Dust did not take the reply/)
  }
})
