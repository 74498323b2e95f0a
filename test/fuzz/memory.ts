const MIB = 1024 * 1024
/** What a heap may breathe. */
const ALLOWANCE = { factor: 1.25, bytes: 32 * MIB }

/** Whether the end of a run needs about as much memory as its second quarter, after which everything is warm. */
export function isFlat (series: readonly number[]): boolean {
  return median(lastQuarter(series)) <= median(secondQuarter(series)) * ALLOWANCE.factor + ALLOWANCE.bytes
}

/** In MiB: the beginning, the medians of the second and of the last quarter, and the most there ever was. */
export function describeMemory (series: readonly number[]): string {
  const [first = 0] = series
  const figures = { start: first, 'second quarter': median(secondQuarter(series)), 'last quarter': median(lastQuarter(series)), peak: Math.max(...series) }
  return Object.entries(figures).map(([name, bytes]) => `${name} ${Math.round(bytes / MIB)}`).join(', ')
}

function secondQuarter (series: readonly number[]): number[] {
  return series.slice(Math.floor(series.length / 4), Math.ceil(series.length / 2))
}

function lastQuarter (series: readonly number[]): number[] {
  return series.slice(Math.floor(series.length * 3 / 4))
}

function median (values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}
