export function median (values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2
}

/** @param share of the values that are not larger */
export function quantile (values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(share * values.length) - 1] ?? Number.NaN
}

/**
 * How a cost grows with a size: the exponent k of cost = a * size^k that fits best, by least squares on the logarithms.
 * 0 when it stays as it is, 1 when it doubles with the size.
 */
export function exponentOf (points: ReadonlyArray<readonly [size: number, cost: number]>): number {
  const logs = points.map(([size, cost]) => [Math.log(size), Math.log(cost)] as const)
  const mean = (pick: (log: readonly [number, number]) => number): number => logs.reduce((sum, log) => sum + pick(log), 0) / logs.length
  const [x, y] = [mean(([size]) => size), mean(([, cost]) => cost)]
  const slope = mean((log) => (log[0] - x) * (log[1] - y)) / mean((log) => (log[0] - x) ** 2)
  return slope
}
