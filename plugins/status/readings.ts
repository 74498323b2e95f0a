import type { Counter, Gauge } from '@prometheus-io/client'
import { isAbort } from '../../src/mcp/operation.ts'
import type { Instruments } from '../metrics/instruments.ts'
import { Distribution, readHistogram, type Series } from './distribution.ts'
import type { Snapshot } from './snapshot.ts'

type Labels = Partial<Record<string, string | number>>

/** What the instruments say of operations, in all and one by one. */
export interface OperationReadings {
  total: number
  failed: number
  toolCalls: Distribution
  table: Snapshot['operations']['table']
}

/** Operations of which the table has no line: those that happen least. */
const MOST_OPERATIONS = 50

/** The sum of a counter's, or gauge's, series whose labels are wanted. */
export async function sum<Label extends string> (metric: Counter<Label> | Gauge<Label>, isWanted: (labels: Labels) => boolean = () => true): Promise<number> {
  return (await metric.get()).values.reduce((total, { labels, value }) => isWanted(labels) ? total + value : total, 0)
}

export async function readOperations ({ mcp }: Instruments): Promise<OperationReadings> {
  const series = await readHistogram(mcp.operationDuration)
  const kinds = Map.groupBy(series, ({ labels }) => `${labels['mcp_method_name']} ${labels['gen_ai_tool_name']}`)
  const table = [...kinds.values()].map((kind) => {
    const values = all(kind)
    const { mcp_method_name: method, gen_ai_tool_name: tool } = kind[0]?.labels ?? {}
    return { method: String(method), tool: tool === undefined ? null : String(tool), count: values.count, failed: failedIn(kind), ...quantiles(values) }
  })
  return {
    total: all(series).count,
    failed: failedIn(series),
    toolCalls: all(series.filter(({ labels }) => labels['mcp_method_name'] === 'tools/call')),
    table: table.filter(({ count }) => count > 0).sort((a, b) => b.count - a.count).slice(0, MOST_OPERATIONS)
  }
}

export async function readDust ({ dust }: Instruments): Promise<Snapshot['dust']> {
  const types = Map.groupBy((await dust.errors.get()).values, ({ labels }) => typeOf(labels))
  const failures = [...types]
    .map(([type, values]) => ({ type, count: values.reduce((total, { value }) => total + value, 0) }))
    .filter(({ type, count }) => count > 0 && !isAbort(type))
    .sort((a, b) => b.count - a.count)
  const refreshedAt = await sum(dust.agentsRefreshedAt) * 1000
  return {
    requests: await sum(dust.requests),
    failed: failures.reduce((total, { count }) => total + count, 0),
    retries: await sum(dust.retries),
    ...quantiles(all(await readHistogram(dust.duration))),
    failures,
    agents: refreshedAt === 0 ? null : { available: await sum(dust.agentsAvailable), refreshedAt }
  }
}

/** What Dust was asked, and in vain. */
export async function countDust ({ dust }: Instruments): Promise<{ requests: number, failed: number }> {
  return { requests: await sum(dust.requests), failed: await sum(dust.errors, (labels) => !isAbort(typeOf(labels))) }
}

function typeOf ({ type }: Labels): string {
  return String(type)
}

function all (series: readonly Series[]): Distribution {
  return series.reduce((total, { values }) => total.plus(values), Distribution.EMPTY)
}

/** One that somebody broke off didn't fail. */
function failedIn (series: readonly Series[]): number {
  return all(series.filter(({ labels: { error_type: type } }) => type !== undefined && !isAbort(String(type)))).count
}

function quantiles (values: Distribution): { p50: number | null, p95: number | null } {
  return { p50: values.quantile(0.5), p95: values.quantile(0.95) }
}
