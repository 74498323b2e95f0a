import { renameSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { Fault } from '../../src/emulator/faults/fault.ts'
import { connect, until } from '../helper.ts'
import { startWatchedService } from './watched-service.ts'

// A minute lasts a second here, but many alerts need ten of them to come and ten to go.
t.setTimeout(400_000)

const INTERNAL_ERROR = { kind: 'error', status: 500, type: 'internal_server_error', message: 'oh no', times: 'always' } as const

/** What goes wrong with Dust, the alert that tells of it, and one that is true as well but must not be told beside it. */
const TROUBLES: Array<{ trouble: string, fault: Fault, alert: string, muted?: string }> = [
  { trouble: 'Dust answers questions with 500', fault: { ...INTERNAL_ERROR, operation: 'conversations.create' }, alert: 'DustApiErrors' },
  { trouble: 'Dust answers everything with 500', fault: INTERNAL_ERROR, alert: 'DustApiDown', muted: 'DustApiErrors' },
  { trouble: 'Dust refuses the key with 401', fault: { kind: 'invalid_key', times: 'always' }, alert: 'DustApiUnauthorized', muted: 'DustApiDown' },
  { trouble: 'Dust answers questions with 429', fault: { kind: 'rate_limit', times: 'always', operation: 'conversations.create' }, alert: 'DustApiRateLimited' },
  { trouble: 'Dust hangs', fault: { kind: 'slow', delayMs: 600_000, times: 'always' }, alert: 'DustApiDown' }
]

t.test('whatever fails, the alert that says so reaches people, and its end as well', async (t) => {
  const watched = await startWatchedService(t, { speed: 60, pace: 0 })
  if (watched === null) return
  const { server, storeFile, startAgain, setFaults, alerts, slack } = watched
  const told = (alert: string) => slack.messages.filter((message) => message.alert === alert)
  const isTold = (alert: string, status: string) => until(() => told(alert).at(-1)?.status === status)

  await t.test('agents fail while Dust is well: AgentRunErrorBudgetBurn', async (t) => {
    await keepAsking(t, server.address, 'unlucky')
    // Its end is not waited for: half an hour without failures.
    await isTold('AgentRunErrorBudgetBurn', 'FIRING')
  })

  await keepAsking(t, server.address, 'dust')

  for (const { trouble, fault, alert, muted } of TROUBLES) {
    await t.test(`${trouble}: ${alert}`, async (t) => {
      slack.messages.length = 0
      await setFaults(fault)
      await isTold(alert, 'FIRING')
      t.match(told(alert).at(-1)?.text, `docs/runbooks.md#${alert.toLowerCase()}`)
      if (muted !== undefined) {
        await until(async () => (await alerts('suppressed')).includes(muted))
        t.same(told(muted), [], muted)
      }
      await setFaults()
      await isTold(alert, 'RESOLVED')
      t.match(told(alert).at(-1)?.text, '(over)')
    })
  }

  await t.test('the store is gone: StoreDown', async () => {
    renameSync(storeFile, `${storeFile}.moved`)
    await isTold('StoreDown', 'FIRING')
    renameSync(`${storeFile}.moved`, storeFile)
    await isTold('StoreDown', 'RESOLVED')
  })

  await t.test('the server is killed, and started again: McpDustServerDown', async () => {
    server.child.kill('SIGKILL')
    await isTold('McpDustServerDown', 'FIRING')
    await startAgain()
    await isTold('McpDustServerDown', 'RESOLVED')
  })
})

/** A client that asks the agent again and again, whatever comes of it, until the test ends. */
async function keepAsking (t: Test, address: string, agent: string): Promise<void> {
  const { client } = await connect(t, address)
  const end = new AbortController()
  const asking = (async () => {
    while (!end.signal.aborted) {
      // How this fails is what the alerts are about.
      await client.callTool({ name: 'dust_ask_agent', arguments: { agent, message: 'Are you there?' } }, undefined, { timeout: 2000, signal: end.signal }).catch(() => {})
      await wait(50)
    }
  })()
  t.teardown(async () => {
    end.abort()
    await asking
  })
}
