import type { Test } from 'tap'
import { until } from '../../helper.ts'
import type { OpenStore } from './store-contract.ts'

const readNumber = (value: unknown): number | undefined => typeof value === 'number' ? value : undefined
const readAnything = (value: unknown): unknown => value

/** What every bus must do. */
export function testBus (t: Test, open: OpenStore): void {
  t.test('brings messages to everybody who listens, the sender included, in order', async (t) => {
    const bus = (await open(t)).bus('numbers', readNumber)
    const [one, other]: number[][] = [[], []]
    bus.subscribe((message) => { one?.push(message) })
    bus.subscribe((message) => { other?.push(message) })
    const numbers = Array.from({ length: 100 }, (_, number) => number)
    for (const number of numbers) bus.publish(number)
    await until(() => one?.length === 100 && other?.length === 100)
    t.same([one, other], [numbers, numbers])
  })

  t.test('gives the same bus for the same name, and another for another', async (t) => {
    const store = await open(t)
    const heard: unknown[] = []
    const listening = store.bus('one', readAnything)
    listening.subscribe((message) => { heard.push(message) })
    store.bus('two', readAnything).publish('not for one')
    store.bus('one', readAnything).publish({ deep: ['a', 1, null, 'ü'] })
    await until(() => heard.length > 0)
    t.same(heard, [{ deep: ['a', 1, null, 'ü'] }])
  })

  t.test('leaves out what is not understood', async (t) => {
    const store = await open(t)
    const heard: number[] = []
    store.bus('numbers', readNumber).subscribe((message) => { heard.push(message) })
    const sender = store.bus('numbers', readAnything)
    for (const message of ['a word', null, { number: 1 }, 7]) sender.publish(message)
    await until(() => heard.length > 0)
    t.same(heard, [7])
  })

  t.test('tells nobody who does not listen any more', async (t) => {
    const bus = (await open(t)).bus('numbers', readNumber)
    const [left, stayed]: number[][] = [[], []]
    const leave = bus.subscribe((message) => { left?.push(message) })
    bus.subscribe((message) => { stayed?.push(message) })
    bus.publish(1)
    await until(() => stayed?.length === 1)
    leave()
    leave()
    bus.publish(2)
    await until(() => stayed?.length === 2)
    t.same(left, [1])
  })

  t.test('takes messages without complaint when the store is closed', async (t) => {
    const store = await open(t)
    const bus = store.bus('numbers', readNumber)
    const leave = bus.subscribe(() => {})
    await store.close()
    bus.publish(1)
    bus.subscribe(() => {})
    leave()
  })
}
