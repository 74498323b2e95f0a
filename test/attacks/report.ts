import { quantile } from './normal-traffic.ts'
import type { Phase, SlowReport } from './slow.ts'

/** Two tables in Markdown. */
export function format ({ quiet, attacked, counted, rssAfter }: SlowReport): string {
  const ms = (value: number): string => `${value.toFixed(1)} ms`
  const s = (value: number): string => `${(value / 1000).toFixed(1)} s`
  const row = (name: string, of: (phase: Phase) => string): string => `| ${name} | ${of(quiet)} | ${of(attacked)} |`
  const cuts = attacked.ends
  const ways = [...new Set(cuts.map(({ way }) => way))].sort()
  return [
    '| normal traffic | beside readers who read | beside the attack |',
    '| --- | ---: | ---: |',
    row('seconds', ({ seconds }) => seconds.toFixed(0)),
    row('calls', ({ latencies }) => String(latencies.length)),
    row('failed', ({ failures }) => String(failures.length)),
    row('p50', ({ latencies }) => ms(quantile(latencies, 0.5))),
    row('p95', ({ latencies }) => ms(quantile(latencies, 0.95))),
    row('p99', ({ latencies }) => ms(quantile(latencies, 0.99))),
    row('RSS of the server, at the start and at most', ({ rssBefore, rssMost }) => `${rssBefore}, ${rssMost} MiB`),
    '',
    '| connections | opened and cut | first after | median | last | answered with |',
    '| --- | ---: | ---: | ---: | ---: | --- |',
    ...ways.map((way) => {
      const of = cuts.filter((cut) => cut.way === way)
      const after = of.map(({ afterMs }) => afterMs)
      const answers = [...new Set(of.map(({ answer }) => answer))].map((answer) => answer === '' ? 'nothing' : answer).join(', ')
      return `| ${way} | ${of.length} | ${s(Math.min(...after))} | ${s(quantile(after, 0.5))} | ${s(Math.max(...after))} | ${answers} |`
    }),
    '',
    `p99 beside the attack is ${(quantile(attacked.latencies, 0.99) / quantile(quiet.latencies, 0.99)).toFixed(2)} times the other. RSS after it: ${rssAfter} MiB.`,
    `The server counted ${Object.entries(counted).map(([reason, count]) => `${count} ${reason}`).join(', ')}.`
  ].join('\n')
}
