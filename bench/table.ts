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
  return [
    '| server | req/s | of the first | p50 ms | p99 ms | CPU µs/req | of the first |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...rows.map(({ name, perSecond, p50, p99, cpuMicros }) =>
      `| ${[name, Math.round(perSecond), times(perSecond, yardstick?.perSecond), p50.toFixed(1), p99.toFixed(1), Math.round(cpuMicros), times(cpuMicros, yardstick?.cpuMicros)].join(' | ')} |`)
  ].join('\n')
}

export function median (values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2
}
