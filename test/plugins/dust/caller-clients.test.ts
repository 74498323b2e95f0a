import { mock } from 'node:test'
import t, { type Test } from 'tap'
import { CallerClients } from '../../../plugins/dust/caller-clients.ts'
import { createDustClient, DustCredential, type DustClient } from '../../../src/dust/client.ts'
import type { Agent } from '../../../src/dust/types.ts'

const agent = { sId: 'dust', name: 'dust' } as Agent

function credential (number: number): DustCredential {
  const read = DustCredential.read(`sk-${number}`, 'north')
  if (typeof read === 'string') throw new Error(read)
  return read
}

/** A pool, and for each client that it has made what tells it of a list of agents. */
function start (t: Test) {
  const made: string[] = []
  const lists = new Map<DustClient, (agents: readonly Agent[]) => void>()
  const clients = new CallerClients(({ fingerprint, ...key }, onAgents) => {
    made.push(fingerprint)
    const client = createDustClient({ baseUrl: 'http://127.0.0.1:9', apiKey: 'sk-none', workspaceId: 'none', username: '', timezone: 'UTC', ...key })
    lists.set(client, onAgents)
    return client
  })
  t.teardown(async () => {
    clients.clear()
    for (const client of lists.keys()) await client.close()
  })
  const list = (client: DustClient, length: number): void => { lists.get(client)?.(Array.from({ length }, () => agent)) }
  return { clients, made, list }
}

t.test('a caller has the same client each time, and nobody else has it', async (t) => {
  const { clients, made } = start(t)
  const ada = clients.of(credential(1))
  t.equal(clients.of(credential(1)), ada)
  t.not(clients.of(credential(2)), ada)
  t.same(made, [credential(1).fingerprint, credential(2).fingerprint])
})

t.test('of 10,000 callers with long lists of agents, those are kept who came last, and few enough', async (t) => {
  const { clients, made, list } = start(t)
  for (let number = 0; number < 10_000; number++) list(clients.of(credential(number)), 100)
  t.ok(clients.size <= 505, `${clients.size} clients with 100 agents each`)
  t.equal(made.length, 10_000)
  clients.of(credential(9999))
  t.equal(made.length, 10_000, 'the last one is still there')
  clients.of(credential(0))
  t.equal(made.length, 10_001, 'the first one is made again')
})

t.test('and of 10,000 who never asked for a list', async (t) => {
  const { clients } = start(t)
  for (let number = 0; number < 10_000; number++) clients.of(credential(number))
  t.equal(clients.size, 1000)
})

t.test('a list that is longer than all may be together is not kept, and takes no other one\'s place', async (t) => {
  const { clients, list } = start(t)
  const ada = clients.of(credential(1))
  list(ada, 100)
  list(clients.of(credential(2)), 60_000)
  t.equal(clients.of(credential(1)), ada)
  t.equal(clients.size, 1)
})

t.test('a client that was forgotten does not come back with the list that it still gets', async (t) => {
  const { clients, made, list } = start(t)
  const old = clients.of(credential(0))
  for (let number = 1; number <= 1000; number++) clients.of(credential(number))
  list(old, 10)
  t.not(clients.of(credential(0)), old)
  t.equal(made.length, 1002)
})

t.test('a key that is not used for ten minutes is forgotten', async (t) => {
  mock.timers.enable({ apis: ['setInterval'] })
  t.teardown(() => { mock.timers.reset() })
  const now = performance.now()
  let elapsed = 0
  const clock = mock.method(performance, 'now', () => now + elapsed)
  t.teardown(() => { clock.mock.restore() })
  const { clients } = start(t)
  clients.of(credential(1))
  for (const minutes of [0, 5, 9]) {
    elapsed = minutes * 60_000
    clients.of(credential(2))
  }
  elapsed = 11 * 60_000
  await new Promise((resolve) => setTimeout(resolve, 5)) // the cache looks at the clock once a millisecond
  mock.timers.tick(60_000)
  t.equal(clients.size, 1)
})
