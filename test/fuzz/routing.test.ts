import t from 'tap'
import { CLIENTS, connectAs } from '../e2e/clients/connect-as.ts'
import { watched } from './era-watch.ts'
import { readRestlessGauges } from './gauges.ts'
import { createCase } from './routing-cases.ts'
import { startTarget } from './routing-target.ts'
import { fuzzRouting } from './routing.ts'

const COUNT = 1500

t.test(`${COUNT} random requests: each is answered right, and takes the lane that the SDK would send it to`, async (t) => {
  const target = await startTarget()
  t.teardown(target.close)
  const { statuses, streams, faults } = await fuzzRouting(target.address, { seed: 1, count: COUNT })
  t.same(faults, [])
  t.same(watched.disagreements, [])

  // Else it would show little.
  for (const status of [200, 202, 400, 404, 405, 406, 415]) t.ok((statuses[status] ?? 0) > 5, `${statuses[status]} times status ${status}`)
  for (const lane of ['session', 'stateless'] as const) t.ok(watched[lane] > COUNT / 5, `${watched[lane]} of ${lane}`)
  t.ok(streams > 10, `${streams} streams`)

  t.same(await readRestlessGauges(target.address), {})
  for (const { kind } of CLIENTS) {
    const client = await connectAs(t, kind, target.address)
    t.match(await client.call('dust_ask_agent', { agent: 'dust', message: 'Hello' }), { isError: false, structured: { status: 'succeeded' } }, kind)
  }
})

t.test('a case is the same each time', (t) => {
  t.same(createCase(7, 11), createCase(7, 11))
  t.notSame(createCase(7, 11), createCase(8, 11))
  t.end()
})
