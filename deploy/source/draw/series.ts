import { SCRAPE_INTERVAL } from '../names.ts'
import type { DashboardFile, PanelFile, TargetFile } from '../dashboards/dashboard-file.ts'
import { DrawFault } from './draw-fault.ts'
import { firstChoices, interpolate, nameSeries } from './interpolate.ts'

/** A span of time, in seconds since the epoch, looked at in steps. */
export interface TimeRange {
  start: number
  end: number
  step: number
}

export interface Series {
  name: string
  labels: Record<string, string>
  /** One for each step, or the present one alone. */
  values: Array<number | null>
}

interface Matrix {
  metric: Record<string, string>
  values?: Array<[seconds: number, value: string]>
  value?: [seconds: number, value: string]
}

/** More are no help to the eye on a panel of this size. */
const STEPS = 240

export function lastSeconds (seconds: number): TimeRange {
  const step = Math.max(1, Math.round(seconds / STEPS))
  const end = Math.floor(Date.now() / 1000 / step) * step
  return { start: end - Math.ceil(seconds / step) * step, end, step }
}

export function timesOf ({ start, end, step }: TimeRange): number[] {
  return Array.from({ length: (end - start) / step + 1 }, (_, index) => start + index * step)
}

/** Asks Prometheus for everything that a dashboard shows when it is opened. */
export async function queryPanels (prometheus: string, dashboard: DashboardFile, range: TimeRange): Promise<Map<PanelFile, Series[]>> {
  const chosen = await firstChoices(dashboard, (series, label) => {
    return ask(prometheus, `label/${label}/values`, { 'match[]': series, start: String(range.start), end: String(range.end) })
  })
  return new Map(await Promise.all(dashboard.panels.map(async (panel): Promise<[PanelFile, Series[]]> => {
    const answers = await Promise.all((panel.targets ?? []).map((target) => queryTarget(prometheus, target, range, chosen)))
    return [panel, answers.flat()]
  })))
}

async function queryTarget (prometheus: string, { expr, legendFormat, instant }: TargetFile, range: TimeRange, chosen: Record<string, string>): Promise<Series[]> {
  const query = interpolate(expr, `${rateInterval(range)}s`, chosen)
  const results = instant
    ? await askSeries(prometheus, 'query', { query, time: String(range.end) })
    : await askSeries(prometheus, 'query_range', { query, start: String(range.start), end: String(range.end), step: String(range.step) })
  return results.map(({ metric, values, value }) => ({
    name: nameSeries(legendFormat, metric),
    labels: metric,
    values: value === undefined ? align(values ?? [], range) : [toNumber(value[1])]
  }))
}

/** As Grafana reckons it: wide enough for four scrapes. */
function rateInterval ({ step }: TimeRange): number {
  const scrape = Number.parseInt(SCRAPE_INTERVAL)
  return Math.max(step + scrape, 4 * scrape)
}

async function askSeries (prometheus: string, path: string, parameters: Record<string, string>): Promise<Matrix[]> {
  return (await ask<{ result: Matrix[] }>(prometheus, path, parameters)).result
}

/** @throws {DrawFault} when there is no answer, or it is no success */
async function ask<Data> (prometheus: string, path: string, parameters: Record<string, string>): Promise<Data> {
  const response = await send(prometheus, path, parameters)
  // A proxy in front of Prometheus, or another program at its address, answers with a page.
  const answer = await response.json().catch(() => null) as { status: string, error?: string, data: Data } | null
  if (answer === null) throw new DrawFault(`What answers at ${prometheus} is no Prometheus: HTTP ${response.status}`)
  if (answer.status !== 'success') throw new DrawFault(`Prometheus can't answer ${Object.values(parameters)[0]}: ${answer.error}`)
  return answer.data
}

async function send (prometheus: string, path: string, parameters: Record<string, string>): Promise<Response> {
  try {
    return await fetch(new URL(`/api/v1/${path}?${new URLSearchParams(parameters)}`, prometheus))
  } catch (error) {
    throw new DrawFault(`Prometheus can't be reached at ${prometheus}`, { cause: error })
  }
}

/** Prometheus leaves out the steps without a value. */
function align (values: Array<[number, string]>, range: TimeRange): Array<number | null> {
  const byTime = new Map(values)
  return timesOf(range).map((time) => toNumber(byTime.get(time)))
}

function toNumber (text: string | undefined): number | null {
  const value = Number(text)
  return Number.isFinite(value) ? value : null
}
