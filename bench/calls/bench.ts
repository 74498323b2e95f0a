import type { Order } from '../bench.ts'
import { describeProgram } from '../machine.ts'
import type { Growth, Report } from '../report.ts'
import { toDigits, type Cell, type Table } from '../table.ts'
import { CASES, CONNECTIONS, LIST_CONNECTIONS, TOOLS, type Case } from './cases.ts'
import { BARE, CONTESTANTS } from './contestants.ts'
import { measureCase, type Result } from './measure-case.ts'

type Measured = Array<{ case: Case, results: Result[] }>

/** How many requests both lanes take, beside a route that does nothing and other servers of MCP. */
export async function run ({ rounds, seconds, isQuick, flags }: Order): Promise<Report> {
  const [times, duration] = [rounds ?? (isQuick ? 1 : 5), seconds ?? (isQuick ? 1 : 3)]
  const measured: Measured = []
  for (const chosen of chooseCases(flags['case'] ?? [], flags['contestant'] ?? [], isQuick)) {
    process.stderr.write(`${chosen.name} ...\n`)
    measured.push({ case: chosen, results: await measureCase(chosen, { rounds: times, hasWarmUp: !isQuick }, duration) })
  }
  return {
    method: [
      `Each server is started, warmed up and measured ${times} times for ${duration} s, in rounds in which all servers of a table have their turn; the figures are medians. wrk with one thread sends as much as is taken, over so many connections and in as many sessions. It and the server share the machine. ` +
      'CPU is that of the server\'s process and of those that it has started, as `/proc` counts it. Before and after, the answer of each server is checked; an answer with another status than 2xx or 3xx, or none, is a failed one.',
      'mcp-dust-server runs as it does from its sources, with its metrics on and its log on `/dev/null`, without a limit to the rate of requests. The others have no more than the one tool that is called, or those that are listed, except server-everything, which comes with its own; the SDK\'s examples keep events to send again, which is left out.'
    ],
    tables: measured.map(toTable),
    growth: [
      { costs: 'CPU µs per tools/call', sizes: 'connections', rows: growthOf(measured, CONNECTIONS.map((size) => [size, `tools/call@${size}`])) },
      { costs: 'CPU µs per tools/list', sizes: 'tools', rows: growthOf(measured, TOOLS.map((size) => [size, `tools/list${size}@${LIST_CONNECTIONS}`])) }
    ].filter(({ rows }) => rows.length > 0),
    panels: measured.filter(({ case: { name } }) => ['tools/call@50', `tools/list500@${LIST_CONNECTIONS}`].includes(name)).map(({ case: { title }, results }) => ({
      kind: 'bars' as const,
      title: `${title}: answers per second`,
      bars: results.map(({ contestant: { name, isOurs = false }, perSecond }) => ({ name, value: perSecond, isOurs }))
    })),
    packages: ['fastify', '@modelcontextprotocol/sdk', '@modelcontextprotocol/server', 'express', 'zod', 'fastify-mcp', '@modelcontextprotocol/server-everything', 'mcp-proxy'],
    programs: [describeProgram('wrk', '--version', /wrk \S+/)],
    failures: measured.flatMap(({ case: { name }, results }) => results.flatMap(({ contestant, failed, perSecond }) => [
      ...failed > 0 ? [`${name}: ${failed} requests of ${contestant.name} failed`] : [],
      ...perSecond > 0 ? [] : [`${name}: ${contestant.name} answered nothing in time; give it more --seconds`]
    ]))
  }
}

function chooseCases (names: readonly string[], words: readonly string[], isQuick: boolean): Case[] {
  const unknown = names.find((name) => !CASES.some((one) => one.name === name))
  if (unknown !== undefined) throw new Error(`There is no case ${unknown}, only ${CASES.map(({ name }) => name).join(', ')}`)
  const wanted = names.length > 0 ? names : isQuick ? ['tools/call@50'] : CASES.map(({ name }) => name)
  return CASES.filter(({ name }) => wanted.includes(name)).map((one) => ({
    ...one,
    contestants: one.contestants.filter((contestant) => contestant === BARE || words.length === 0 || words.some((word) => contestant.name.includes(word)))
  }))
}

function toTable ({ case: { title }, results }: Measured[number]): Table {
  const [yardstick] = results
  const isPaged = results.some(({ pages }) => pages > 1)
  return {
    title,
    ...isPaged ? { note: 'A list that comes in pages counts once, with all of them; its latencies are those of a page.' } : {},
    head: ['server', 'answers/s', 'of bare', 'p50 ms', 'p99 ms', 'CPU µs', 'of bare', 'KB', ...isPaged ? ['pages'] : []],
    rows: results.map(({ contestant: { name }, perSecond, p50, p99, cpuMicros, bytes, pages }): Cell[] => [
      name, Math.round(perSecond), toDigits(perSecond / (yardstick?.perSecond ?? NaN)), p50.toFixed(1), p99.toFixed(1),
      Math.round(cpuMicros), toDigits(cpuMicros / (yardstick?.cpuMicros ?? NaN)), toDigits(bytes / 1000), ...isPaged ? [pages] : []
    ])
  }
}

/** Of the contestants that were measured at all of the sizes. */
function growthOf (measured: Measured, sizes: ReadonlyArray<readonly [size: number, name: string]>): Growth[] {
  return CONTESTANTS.flatMap(({ name: what }) => {
    const points = sizes.flatMap(([size, name]) => {
      const result = measured.find((one) => one.case.name === name)?.results.find(({ contestant: { name } }) => name === what)
      return result === undefined ? [] : [[size, result.cpuMicros] as const]
    })
    return points.length === sizes.length ? [{ what, points }] : []
  })
}
