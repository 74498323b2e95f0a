import type { Test } from 'tap'
import type { Store, StoreLimits } from '../../../src/store/store.ts'
import { testBus } from './bus-contract.ts'
import { testConversationStore } from './conversation-store-contract.ts'
import { testEventLogLimits } from './event-log-limits-contract.ts'
import { testEventLog } from './event-log-contract.ts'
import { testReplicaRegistry } from './replica-registry-contract.ts'
import { testSessionStore } from './session-store-contract.ts'

/** Opens an empty store that is closed when the test ends. */
export type OpenStore = (t: Test, limits?: Partial<StoreLimits>) => Promise<Store>

/** What every store must do. */
export function testStore (t: Test, open: OpenStore): void {
  t.test('sessions', async (t) => { testSessionStore(t, open) })
  t.test('events', async (t) => { testEventLog(t, open) })
  t.test('limits of the events', async (t) => { testEventLogLimits(t, open) })
  t.test('replicas', async (t) => { testReplicaRegistry(t, open) })
  t.test('conversations', async (t) => { testConversationStore(t, open) })
  t.test('bus', async (t) => { testBus(t, open) })

  t.test('says that it works, and that it does not once it is closed', async (t) => {
    const store = await open(t)
    await store.check()
    await store.close()
    await t.rejects(store.check(), { name: 'StoreError' })
    await t.rejects(store.sessions.get('x'), { name: 'StoreError' })
    await t.rejects(store.events.record({ session: 'x', stream: 'y' }), { name: 'StoreError' })
    await t.rejects(store.replicas.alive(), { name: 'StoreError' })
    await t.rejects(store.conversations.callerOf('x'), { name: 'StoreError' })
    await store.close()
  })
}
