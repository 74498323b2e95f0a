import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { tellStory } from '../../src/demo/story.ts'
import { freePort } from '../fixtures/free-port.ts'
import { ALERTS, PANEL_QUERIES } from '../fixtures/guide-queries.ts'
import { requireProgram } from '../fixtures/programs.ts'
import { startEmulator, startService, until } from '../helper.ts'

interface Sample {
  metric: Record<string, string>
  value: [number, string]
}

/** A real Prometheus that scrapes one target twice a second. */
async function startPrometheus (t: Test, program: string, target: string): Promise<(query: string) => Promise<Sample[]>> {
  const folder = t.testdir()
  const config = path.join(folder, 'prometheus.yml')
  writeFileSync(config, JSON.stringify({
    global: { scrape_interval: '500ms', scrape_timeout: '400ms' },
    scrape_configs: [{ job_name: 'mcp-dust-server', static_configs: [{ targets: [new URL(target).host] }] }]
  }))
  const port = await freePort()
  const child = spawn(program, [`--config.file=${config}`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=127.0.0.1:${port}`, '--log.level=error'], { stdio: 'inherit' })
  t.teardown(async () => {
    child.kill('SIGTERM')
    await once(child, 'exit')
  })
  await until(async () => {
    const ready = await fetch(`http://127.0.0.1:${port}/-/ready`).catch(() => null)
    return ready?.status === 200
  })
  return async (query) => {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/query?${new URLSearchParams({ query })}`)
    const body = Object(await response.json()) as { status: string, error?: string, data: { result: Sample[] } }
    if (body.status !== 'success') throw new Error(`${query}: ${body.error}`)
    return body.data.result
  }
}

function isFinite (samples: Sample[]): boolean {
  return samples.some(({ value: [, value] }) => Number.isFinite(Number(value)))
}

for (const prefix of ['mcp_dust_server', 'other']) {
  t.test(`a real Prometheus answers every query of the guide, with the prefix ${prefix}`, async (t) => {
    const program = await requireProgram(t, 'prometheus')
    if (program === null) return
    const { environment } = await startEmulator(t, { pace: 0.1 })
    const { address } = await startService(t, { ...environment, METRICS_PREFIX: prefix })
    const query = await startPrometheus(t, program, address)
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
