/**
 * A value with its unit, much as Grafana writes it. The page in the browser has it as well, so it must need nothing around it.
 *
 * @throws {Error} for a unit that no dashboard has had so far
 */
export function formatValue (value: number, unit: string): string {
  const digits = (number: number): string => String(Number(number.toPrecision(3)))
  const scaled = (steps: Array<[factor: number, suffix: string]>): string => {
    const [factor, suffix] = steps.find(([factor]) => Math.abs(value) >= factor) ?? [1, '']
    return digits(value / factor) + suffix
  }
  const rates: Record<string, string> = { ops: 'ops/s', opm: 'ops/m', reqps: 'req/s', eps: 'evts/s', epm: 'evts/m' }
  const duration: Array<[number, string]> = [[86400, ' d'], [3600, ' h'], [60, ' min'], [1, ' s'], [1e-3, ' ms'], [1e-6, ' µs']]
  const counts: Array<[number, string]> = [[1e6, ' M'], [1e3, ' K']]
  if (unit === 'none') return digits(value)
  if (unit === 'short') return scaled(counts)
  if (unit === 'percent') return `${digits(value)}%`
  if (unit === 'percentunit') return `${digits(value * 100)}%`
  if (unit === 's' || unit === 'dtdurations') return value === 0 ? '0 s' : scaled(duration)
  if (unit === 'bytes') return scaled([[2 ** 30, ' GiB'], [2 ** 20, ' MiB'], [2 ** 10, ' KiB'], [1, ' B']])
  if (unit in rates) return `${scaled(counts)} ${rates[unit]}`
  throw new Error(`There is no way to write the unit ${unit}`)
}
