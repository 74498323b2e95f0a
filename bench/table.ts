export interface Row {
  name: string
  perSecond: number
  /** Latencies in milliseconds. */
  p50: number
  p99: number
  /** CPU time of the server for each request. */
  cpuMicros: number
}

/** As Markdown; the first row is what the others are compared with. */
export function formatTable (rows: readonly Row[]): string {
  const [yardstick] = rows
  const times = (value: number, of: number | undefined): string => of === undefined ? '' : (value / of).toFixed(2)
  return toMarkdown(['server', 'req/s', 'of the first', 'p50 ms', 'p99 ms', 'CPU µs/req', 'of the first'], rows.map(({ name, perSecond, p50, p99, cpuMicros }) =>
    [name, Math.round(perSecond), times(perSecond, yardstick?.perSecond), p50.toFixed(1), p99.toFixed(1), Math.round(cpuMicros), times(cpuMicros, yardstick?.cpuMicros)]))
}

/** A table whose first column is of words and whose others are of numbers. */
export function toMarkdown (head: readonly string[], rows: ReadonlyArray<ReadonlyArray<string | number>>): string {
  const line = (cells: ReadonlyArray<string | number>): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map((_, index) => index === 0 ? '---' : '---:')), ...rows.map(line)].join('\n')
}

export function median (values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2
}

/** @param share of the values that are not larger */
export function quantile (values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(share * values.length) - 1] ?? Number.NaN
}
