import t, { type Test } from 'tap'
import { startProxy } from '../../fixtures/cuttable-proxy.ts'
import { startEmulator, startService, until } from '../../helper.ts'
import { CLIENTS, connectAs } from './connect-as.ts'
import type { Progress } from './official-client.ts'

const ESSAY = { agent: 'essayist', message: 'What is quality?' }

/** At pace 1 an essay takes 20 s: it doesn't end before the test wants it to. */
async function start (t: Test, pace: number) {
  const { emulator, environment } = await startEmulator(t, { pace })
  const { address } = await startService(t, environment)
  return { dust: emulator.emulator, address }
}

function textIn (progress: readonly Progress[]): string {
  return progress.filter(({ kind }) => kind === 'text').map(({ message }) => message).join('')
}

for (const { kind, era } of CLIENTS) {
  t.test(`${kind} asks an agent and watches the answer grow`, async (t) => {
    const { dust, address } = await start(t, 0.05)
    const client = await connectAs(t, kind, address)
    const progress: Progress[] = []
    const { structured, isError } = await client.call('dust_ask_agent', ESSAY, { onProgress: (notification) => { progress.push(notification) } })
    const record = dust.message(String(structured['messageId']))
    t.equal(isError, false)
    t.match(structured, { status: 'succeeded', answer: record?.content, conversationId: record?.conversationId })
    t.equal(textIn(progress), record?.content, 'the pieces are the answer')
    t.ok(progress.filter((notification) => notification.kind === 'text').length > 1, 'in more than one piece')
    t.equal(dust.workspace.runs.size, 1)
  })

  t.test(`${kind} cancels a call, which cancels the run in Dust`, async (t) => {
    const { dust, address } = await start(t, 1)
    const client = await connectAs(t, kind, address)
    const cancel = new AbortController()
    await t.rejects(client.call('dust_ask_agent', ESSAY, { signal: cancel.signal, onProgress: () => { cancel.abort() } }))
    await until(() => dust.cancels.length === 1)
    t.equal(dust.message(dust.cancels[0]?.messageId ?? '')?.status, 'cancelled')
    t.ok((await client.tools()).length > 0, 'and goes on')
  })

  t.test(`${kind} gives up on a call after its timeout, which cancels the run in Dust`, async (t) => {
    const { dust, address } = await start(t, 1)
    const client = await connectAs(t, kind, address)
    const call = client.call('dust_ask_agent', ESSAY, { timeout: 500, onProgress: () => {} })
    await t.rejects(call, { message: /timed out/ })
    await until(() => dust.cancels.length === 1)
    t.equal(dust.message(dust.cancels[0]?.messageId ?? '')?.status, 'cancelled')
  })

  t.test(`${kind} waits longer than its timeout where progress resets it`, async (t) => {
    const { dust, address } = await start(t, 0.2)
    const client = await connectAs(t, kind, address)
    const timeout = 2000
    const startedAt = performance.now()
    const { structured } = await client.call('dust_ask_agent', ESSAY, {
      timeout,
      resetTimeoutOnProgress: true,
      onProgress: () => { if (performance.now() - startedAt > timeout + 500) dust.pace.factor = 0 }
    })
    t.ok(performance.now() - startedAt > timeout, 'it took longer than that')
    t.equal(structured['status'], 'succeeded')
    t.equal(dust.cancels.length, 0)
  })

  t.test(`${kind} loses its connection in mid-answer`, async (t) => {
    const { dust, address } = await start(t, 1)
    const proxy = await startProxy(t, address)
    const client = await connectAs(t, kind, proxy.address)
    const progress: Progress[] = []
    const givenUp = new AbortController()
    let isCut = false
    const call = client.call('dust_ask_agent', ESSAY, {
      signal: givenUp.signal,
      onProgress: (notification) => {
        progress.push(notification)
        if (isCut || notification.kind !== 'text') return
        isCut = true
        proxy.cut()
      }
    })
    call.catch(() => {})
    await until(() => isCut)
    if (era === 'session') {
      dust.pace.factor = 0 // so that the rest of the answer is written while nobody reads
      const { structured } = await call
      t.equal(structured['status'], 'succeeded')
      t.equal(structured['answer'], textIn(progress), 'resumed: every piece came, and came once')
      t.equal(dust.cancels.length, 0)
    } else {
      await until(() => dust.cancels.length === 1)
      t.equal(dust.message(dust.cancels[0]?.messageId ?? '')?.status, 'cancelled', 'where there are no sessions, that is a cancel')
      // The SDK doesn't notice by itself: it would wait for its timeout.
      givenUp.abort()
      await t.rejects(call)
    }
    t.ok((await client.tools()).length > 0, 'and goes on')
    t.equal(dust.workspace.runs.size, 1)
  })
}
