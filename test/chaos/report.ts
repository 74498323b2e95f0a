import { FAILURES } from './finding.ts'
import type { ScenarioResult } from './scenario.ts'

export type Report = ReturnType<typeof sum>

/** What happened, in numbers. */
export function sum ({ calls, kills, cuts, streamCuts, redisRestarts, crashes, seconds }: ScenarioResult) {
  const found = calls.flatMap(({ findings }) => findings)
  const of = (kind: typeof FAILURES[number]): number => found.filter((finding) => finding.kind === kind).length
  return {
    runs: calls.length,
    answered: calls.filter(({ call }) => call.outcome.kind === 'answered').length,
    kills,
    cuts,
    streamCuts,
    redisRestarts,
    resumes: calls.reduce((total, { call }) => total + call.watch.resumes, 0),
    /** Streams that the SDK would not have taken up again of itself. */
    givenUp: calls.reduce((total, { call }) => total + call.watch.givenUp, 0),
    lost: of('lost'),
    missing: of('missing'),
    doubled: of('doubled'),
    reordered: of('reordered'),
    wrong: of('wrong'),
    crashes: crashes.length,
    /** Questions that were sent again because their connection broke before anything had come, and runs that had started nevertheless. */
    askedAgain: calls.filter(({ call }) => call.asked > 1).length,
    startedInVain: calls.filter(({ starts }) => starts > 1).length,
    refusals: countBy(calls.flatMap(({ call }) => call.refusals)),
    /** Errors that the server told of before any run had started, so that nothing would be doubled by another try. */
    toldBeforeStart: calls.filter(({ call, starts }) => call.outcome.kind === 'told' && starts === 0).length,
    told: countBy(calls.flatMap(({ call: { outcome } }) => outcome.kind === 'told' ? [outcome.words] : [])),
    seconds: Math.round(seconds)
  }
}

/** Whether nothing happened that may not. */
export function isGood (report: Report): boolean {
  return report.crashes === 0 && FAILURES.every((kind) => report[kind] === 0)
}

export function format (report: Report): string {
  const { refusals, told, ...numbers } = report
  const rows: Array<[string, unknown]> = [
    ...Object.entries(numbers),
    ...Object.entries(refusals).map(([words, count]): [string, number] => [`before the call began, sent again: ${words}`, count]),
    ...Object.entries(told).map(([words, count]): [string, number] => [`said by the server: ${words}`, count])
  ]
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${String(value)}`).join('\n')
}

/** Counts words that are the same but for their ids and numbers. */
function countBy (words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const word of words) {
    const kind = word.replaceAll(/\b(?=\w*\d)\w+(-\w+)*\b/g, 'N').slice(0, 160)
    counts[kind] = (counts[kind] ?? 0) + 1
  }
  return counts
}
