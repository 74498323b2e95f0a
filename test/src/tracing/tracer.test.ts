import t, { type Test } from 'tap'
import { loadConfig } from '../../../src/config.ts'
import { startTracer } from '../../../src/tracing/tracer.ts'
import { startCollector } from '../../fixtures/collector.ts'
import { until } from '../../helper.ts'

const BATCH = 512
const QUEUE = 2048

async function start (t: Test) {
  const collector = await startCollector(t)
  const { tracing } = loadConfig({ DUST_API_KEY: 'sk-none', DUST_WORKSPACE_ID: 'none', ...collector.environment })
  if (tracing === null) throw new Error('tracing is off')
  const told: unknown[] = []
  const { tracer, close } = startTracer(tracing, { onTrouble: (error) => { told.push(error) }, onRecovery: () => { told.push('recovered') } })
  t.teardown(close)
  const trace = (count: number): void => { for (let span = 0; span < count; span++) tracer.startSpan('work').end() }
  return { collector, trace, told, close }
}

t.test('keeps a queue, and no more, while the collector doesn\'t answer', async (t) => {
  const { collector, trace, close } = await start(t)
  const { promise, resolve } = Promise.withResolvers<void>()
  collector.answers = promise
  trace(10_000)
  await until(() => collector.bodies.length === 1)
  trace(10_000)
  resolve()
  await close()
  t.equal(collector.spans.length, BATCH + QUEUE)
})

t.test('tells once that spans get lost, and once that they don\'t any more', async (t) => {
  const { collector, trace, told } = await start(t)
  collector.status = 400
  trace(3 * BATCH)
  await until(() => told.length > 0)
  trace(3 * BATCH)
  collector.status = 200
  await until(() => { trace(BATCH); return collector.spans.length > 0 })
  await until(() => told.length > 1)
  t.match(told, [{ name: 'OTLPExporterError', code: 400 }, 'recovered'])
})
