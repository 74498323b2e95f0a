import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import type { AnnotationFile, PanelFile } from '../../deploy/source/dashboards/dashboard-file.ts'
import { interpolate } from '../../deploy/source/draw/interpolate.ts'
import { RULE_FILES } from '../../deploy/source/prometheus.ts'
import { startServerProcess } from '../e2e/server-process.ts'
import { readPng } from '../fixtures/png.ts'
import { requireProgram } from '../fixtures/programs.ts'
import { scrapeOften, startPrometheus, type Prometheus, type Sample } from '../fixtures/prometheus.ts'
import { makeTraffic } from '../fixtures/traffic.ts'
import { startEmulator, until } from '../helper.ts'
import { committedDashboards } from './committed-dashboards.ts'
import { DEPLOY } from './run-program.ts'

const dashboards = committedDashboards()

/** A real Prometheus with our rules, which has watched the service do all that it can. */
async function watchTraffic (t: Test, program: string): Promise<Prometheus> {
  const { emulator, environment } = await startEmulator(t, { pace: 0.05 })
  // A process of its own: in ours nobody counts the lines of the log.
  const { address } = await startServerProcess(t, { ...environment, STORE_URL: 'sqlite::memory:' })
  const config = { ...scrapeOften(address), rule_files: RULE_FILES.map((file) => path.join(DEPLOY, 'prometheus', file)) }
  const prometheus = await startPrometheus(t, program, t.testdir(), config)
  const scrapes = async (): Promise<number> => Number((await prometheus.query('sum_over_time(up[5m])'))[0]?.value[1] ?? 0)
  // What has no series before its first event must be seen to rise from there.
  for (let round = 0; round < 2; round++) {
    const before = await scrapes()
    await until(async () => await scrapes() >= before + 2)
    await makeTraffic(address, emulator.emulator)
  }
  const after = await scrapes()
  await until(async () => await scrapes() >= after + 2)
  await until(async () => (await prometheus.query('ALERTS{alertname="DustApiUnauthorized",alertstate="firing"}')).length > 0)
  return prometheus
}

function labelsIn (words: string): string[] {
  return [...words.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label)
}

/** What a panel or an annotation would lack with this answer. */
function lacks (samples: Sample[], labels: string[]): string[] {
  return [
    ...samples.length === 0 ? ['data'] : [],
    ...samples.some(({ value: [, value] }) => !Number.isFinite(Number(value))) ? ['a number'] : [],
    ...labels.filter((label) => !samples.every(({ metric }) => label in metric))
  ]
}

async function testPanel (t: Test, { query }: Prometheus, { title, type, targets = [], transformations = [] }: PanelFile): Promise<void> {
  for (const { expr, legendFormat } of targets) {
    const samples = await query(interpolate(expr, '1m'))
    t.same(lacks(samples, labelsIn(legendFormat)), [], `${title}: ${expr}`)
    if (type !== 'table') continue
    const columns = transformations.flatMap(({ options }) => Object.keys(options.indexByName))
    t.same(columns.filter((label) => label !== 'instance' && !samples.every(({ metric }) => label in metric)), [], `${title}: every column has something`)
  }
}

async function testAnnotation (t: Test, { query }: Prometheus, { name, expr = '', titleFormat = '', textFormat = '' }: AnnotationFile): Promise<void> {
  // An alert of a whole job has no instance.
  const labels = labelsIn(titleFormat + textFormat).filter((label) => label !== 'instance')
  t.same(lacks(await query(interpolate(expr, '1m')), labels), [], `${name}: ${expr}`)
}

t.test('a real Prometheus has an answer to everything that the dashboards ask', async (t) => {
  const program = await requireProgram(t, 'prometheus')
  const chromium = await requireProgram(t, 'chromium')
  if (program === null) return
  const prometheus = await watchTraffic(t, program)

  for (const { title, panels, annotations, templating } of dashboards) {
    await t.test(title, async (t) => {
      for (const panel of panels) await testPanel(t, prometheus, panel)
      for (const annotation of annotations.list) await testAnnotation(t, prometheus, annotation)
      for (const { query = '' } of templating.list) {
        const [, series = '', label = ''] = /^label_values\((.+), (\w+)\)$/.exec(query) ?? []
        if (series !== '') t.same(lacks(await prometheus.query(interpolate(series, '1m')), [label]), [], query)
      }
    })
  }

  if (chromium === null) return
  await t.test('npm run deploy:draw draws what a person can look at', async (t) => {
    const temporary = mkdtempSync(path.join(tmpdir(), 'draw-'))
    t.teardown(() => { rmSync(temporary, { recursive: true, force: true }) })
    const draw = [path.join(DEPLOY, 'source', 'draw.ts'), '--prometheus', prometheus.address, '--range', '1m', '--browser', chromium, 'http']
    const { stdout } = await promisify(execFile)(process.execPath, draw, { env: { ...process.env, TMPDIR: temporary } })
    t.match(stdout, /^\S+http\.png\n$/)
    t.same(readdirSync(path.dirname(stdout)).sort(), ['http.html', 'http.png'], 'and nothing of the browser stays')
    const picture = readPng(readFileSync(stdout.trim()))
    const { panels } = dashboards.find(({ uid }) => uid.endsWith('-http')) ?? { panels: [] }
    const rows = Math.max(...panels.map(({ gridPos: { y, h } }) => y + h))
    t.same([picture.width, picture.height], [1600, 40 + rows * 34])
    for (const { type, title, gridPos: { x, y, w, h } } of panels.filter(({ type }) => type !== 'row')) {
      const colors = picture.colors(Math.round(x * 1600 / 24), 40 + (y + 1) * 34, Math.round(w * 1600 / 24), (h - 1) * 34)
      // Letters have shades, too, but where there is no data fewer than 100.
      t.ok(colors > 150, `${title} (${type}) has ${colors} colours below its title`)
    }
  })
})
