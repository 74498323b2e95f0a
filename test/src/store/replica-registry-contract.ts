import type { Test } from 'tap'
import { until } from '../../helper.ts'
import type { OpenStore } from './store-contract.ts'

const LONG_MS = 60_000

/** What every registry of replicas must do. */
export function testReplicaRegistry (t: Test, open: OpenStore): void {
  t.test('knows who lives, sorted', async (t) => {
    const { replicas } = await open(t)
    t.same(await replicas.alive(), [])
    for (const name of ['b', 'c', 'a', 'b']) await replicas.beat(name, LONG_MS)
    t.same(await replicas.alive(), ['a', 'b', 'c'])
  })

  t.test('misses at once who leaves', async (t) => {
    const { replicas } = await open(t)
    await replicas.beat('a', LONG_MS)
    await replicas.beat('b', LONG_MS)
    await replicas.leave('a')
    await replicas.leave('a')
    await replicas.leave('nobody')
    t.same(await replicas.alive(), ['b'])
  })

  t.test('misses who did not say anything for too long, until it does', async (t) => {
    const { replicas } = await open(t)
    await replicas.beat('silent', 50)
    await replicas.beat('lively', LONG_MS)
    await until(async () => (await replicas.alive()).length === 1)
    t.same(await replicas.alive(), ['lively'])
    await replicas.beat('silent', LONG_MS)
    t.same(await replicas.alive(), ['lively', 'silent'])
  })

  t.test('believes the last word on how long', async (t) => {
    const { replicas } = await open(t)
    await replicas.beat('a', LONG_MS)
    await replicas.beat('a', 1)
    await until(async () => (await replicas.alive()).length === 0)
  })
}
