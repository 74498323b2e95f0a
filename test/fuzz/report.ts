import type { DustRun } from './dust-run.ts'
import { describeMemory } from './memory.ts'
import type { RequestRun } from './request-run.ts'

type Table = Array<[string, unknown]>

export function tableOfRequests ({ kinds, statuses, streams, findings, seconds, logged, rssBytes, bystander }: RequestRun): Table {
  return [
    ['requests', sum(kinds)],
    ...named('of kind', kinds),
    ...named('answered', statuses),
    ['event streams', streams],
    ['seconds', seconds],
    ['memory in MiB', describeMemory(rssBytes)],
    ['calls of normal clients beside', bystander.calls],
    ['their slowest round in ms', bystander.slowestMs],
    ['lines logged', logged],
    ['findings', findings.length]
  ]
}

export function tableOfDust ({ counts, calls, outcomes, slowestMs, findings, seconds, logged, rssBytes }: DustRun): Table {
  return [
    ['spoilt answers', counts.answers],
    ['spoilt events', counts.events],
    ['answers left as they were', counts.untouched],
    ['calls', calls],
    ['answered', outcomes.answered],
    ['told as an error of the tool', outcomes.toolErrors],
    ...named('refused with', outcomes.refused),
    ['slowest call in ms', slowestMs],
    ['seconds', seconds],
    ['memory in MiB', describeMemory(rssBytes)],
    ['lines logged', logged],
    ['findings', findings.length]
  ]
}

export function format (table: Table): string {
  const width = Math.max(...table.map(([name]) => name.length))
  return table.map(([name, value]) => `${name.padEnd(width)}  ${String(value)}`).join('\n')
}

function named (words: string, counts: Record<string, number>): Table {
  return Object.entries(counts).sort(([a], [b]) => a < b ? -1 : 1).map(([name, count]) => [`${words} ${name}`, count])
}

function sum (counts: Record<string, number>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0)
}
