import { spawn } from 'node:child_process'
import { once } from 'node:events'
import t from 'tap'
import { tellStory } from '../../src/demo/story.ts'
import { ALERTS, PANEL_QUERIES } from '../fixtures/guide-queries.ts'
import { requireProgram } from '../fixtures/programs.ts'
import { scrapeOften, startPrometheus, type Sample } from '../fixtures/prometheus.ts'
import { startEmulator, startService, until } from '../helper.ts'

function isFinite (samples: Sample[]): boolean {
  return samples.some(({ value: [, value] }) => Number.isFinite(Number(value)))
}

for (const prefix of ['mcp_dust_server', 'other']) {
  t.test(`a real Prometheus answers every query of the guide, with the prefix ${prefix}`, async (t) => {
    const program = await requireProgram(t, 'prometheus')
    if (program === null) return
    const { environment } = await startEmulator(t, { pace: 0.1 })
    const { address } = await startService(t, { ...environment, METRICS_PREFIX: prefix })
    const { query } = await startPrometheus(t, program, t.testdir(), scrapeOften(address))
    const named = (expression: string): string => expression.replaceAll('mcp_dust_server', prefix)
    const scrapes = async (): Promise<number> => Number((await query('sum_over_time(up[1m])'))[0]?.value[1] ?? 0)

    await until(async () => await scrapes() >= 2)
    await tellStory(address, () => {})
    const before = await scrapes()
    await until(async () => await scrapes() >= before + 2)
    await tellStory(address, () => {})
    const after = await scrapes()
    await until(async () => await scrapes() >= after + 2)

    for (const expression of [...PANEL_QUERIES, ...ALERTS.map(({ value }) => value)]) {
      const samples = await query(named(expression))
      t.ok(isFinite(samples), `${named(expression)}: ${samples.length} series, ${samples.map(({ value: [, value] }) => value).slice(0, 3).join(' ')}`)
    }
    for (const { value, threshold } of ALERTS) {
      t.ok(Array.isArray(await query(named(`${value} ${threshold}`))), `${threshold} is understood`)
    }
  })
}

t.test('promtool finds no fault with the page', async (t) => {
  const program = await requireProgram(t, 'promtool')
  if (program === null) return
  const { environment } = await startEmulator(t)
  const { address } = await startService(t, environment)
  const check = async (): Promise<{ code: unknown, output: string }> => {
    const page = await (await fetch(`${address}/metrics`)).text()
    const child = spawn(program, ['check', 'metrics'])
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => { output += String(chunk) })
    child.stdin.end(page)
    const [code]: unknown[] = await once(child, 'close')
    return { code, output }
  }
  t.same(await check(), { code: 0, output: '' }, 'before any traffic')
  await tellStory(address, () => {})
  t.same(await check(), { code: 0, output: '' }, 'and after some')
})
