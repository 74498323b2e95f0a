/** Counters, and how often something was timed; not the buckets and sums, which nobody reads by eye. */
const READABLE = /^(mcp_dust_server_\w+_total(?:\{.*\})?|mcp_(?:dust_server_(?:session|agent)|server)_\w+_seconds_count(?:\{.*\})?) (\S+)$/

/** Reads the numbers of a page of metrics that a person may want to look at. */
export async function readMetrics (address: string): Promise<Map<string, number>> {
  const response = await fetch(new URL('/metrics', address))
  const lines = (await response.text()).split('\n').map((line) => READABLE.exec(line))
  return new Map(lines.flatMap((match) => match?.[1] === undefined ? [] : [[match[1], Number(match[2])]]))
}

/** A line for each metric that has moved. */
export function movedMetrics (before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): string {
  return [...after]
    .filter(([series, value]) => value !== (before.get(series) ?? 0))
    .map(([series, value]) => `  ${series} ${value}`)
    .join('\n')
}
