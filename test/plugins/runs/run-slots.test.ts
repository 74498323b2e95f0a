import t from 'tap'
import { RunSlots } from '../../../plugins/runs/run-slots.ts'

// Whoever waits for a slot doesn't keep a process alive.
const alive = setInterval(() => {}, 60_000)
t.teardown(() => { clearInterval(alive) })

const never = new AbortController().signal

t.test('who waits too long is refused, and the slot stays for others', async (t) => {
  const slots = new RunSlots({ limit: 1, queueLimit: 5, patienceMs: 20 })
  t.equal(await slots.enter('ada', never, () => {}), undefined)
  const before: number[] = []
  const waiting = [slots.enter('bob', never, (count) => { before.push(count) }), slots.enter('eve', never, (count) => { before.push(count) })]
  t.same(await Promise.all(waiting), ['timeout', 'timeout'])
  t.same(before, [0, 1])
  slots.leave()
  t.equal(slots.taken, 0)
  t.equal(await slots.enter('bob', never, () => {}), undefined)
})

t.test('who gives up while they wait takes no slot', async (t) => {
  const slots = new RunSlots({ limit: 1, queueLimit: 5, patienceMs: 60_000 })
  await slots.enter('ada', never, () => {})
  const givenUp = new AbortController()
  const waiting = slots.enter('bob', givenUp.signal, () => {})
  givenUp.abort()
  await t.rejects(waiting, { name: 'AbortError' })
  slots.leave()
  t.equal(slots.taken, 0)
})

t.test('a slot that comes in the moment in which somebody gives up is not lost', async (t) => {
  for (let ticks = 0; ticks < 8; ticks++) {
    const slots = new RunSlots({ limit: 1, queueLimit: 5, patienceMs: 60_000 })
    await slots.enter('ada', never, () => {})
    const givenUp = new AbortController()
    const waiting = slots.enter('bob', givenUp.signal, () => {}).then(() => { slots.leave() }, () => {})
    givenUp.abort()
    for (let tick = 0; tick < ticks; tick++) await Promise.resolve()
    slots.leave()
    await waiting
    t.equal(slots.taken, 0, `${ticks} ticks later`)
  }
})

t.test('a run that goes on in any case takes a slot that is not there, and nobody else gets it', async (t) => {
  const slots = new RunSlots({ limit: 1, queueLimit: 5, patienceMs: 60_000 })
  slots.take()
  slots.take()
  t.equal(slots.taken, 2)
  let isAdmitted = false
  const waiting = slots.enter('bob', never, () => {}).then(() => { isAdmitted = true })
  slots.leave()
  await new Promise((resolve) => setImmediate(resolve))
  t.notOk(isAdmitted)
  slots.leave()
  await waiting
  t.equal(slots.taken, 1)
})

t.test('three callers get a turn each, whoever waits first and with how many', async (t) => {
  const slots = new RunSlots({ limit: 1, queueLimit: 5, patienceMs: 60_000 })
  await slots.enter('ada', never, () => {})
  const turns: string[] = []
  const waiting = ['ada', 'ada', 'bob', 'bob', 'eve'].map((caller) => slots.enter(caller, never, () => {}).then(() => {
    turns.push(caller)
    slots.leave()
  }))
  slots.leave()
  await Promise.all(waiting)
  t.same(turns, ['bob', 'eve', 'ada', 'bob', 'ada'])
})

t.test('a caller who waited long comes before one who was served a moment ago, among however many callers', async (t) => {
  const slots = new RunSlots({ limit: 1, queueLimit: 5, patienceMs: 60_000 })
  for (let number = 0; number < 20_000; number++) {
    await slots.enter(`caller ${number}`, never, () => {})
    slots.leave()
  }
  await slots.enter('ada', never, () => {})
  const order: string[] = []
  const wait = async (caller: string): Promise<void> => {
    await slots.enter(caller, never, () => {})
    order.push(caller)
    slots.leave()
  }
  const waiting = [wait('caller 19999'), wait('caller 15000'), wait('caller 0')]
  slots.leave()
  await Promise.all(waiting)
  t.same(order, ['caller 0', 'caller 15000', 'caller 19999'], 'one who was forgotten is like one who is new')
})
