import type { PanelFile } from '../dashboards/dashboard-file.ts'
import { lineColor, namedColor } from './colors.ts'
import type { Size } from './drawing.ts'
import { formatValue } from './format.ts'
import { timesOf, type Series, type TimeRange } from './series.ts'

const AXIS_WIDTH = 60
const AXIS_HEIGHT = 20
const COLOR = lineColor(3)
const INK = namedColor('text')

/** A heatmap: a row for each bucket, darker where there is less. */
export function heatmapPanel ({ options }: PanelFile, series: Series[], range: TimeRange, { width, height }: Size): string {
  const buckets = separateBuckets(series)
  const columns = buckets[0]?.counts.length ?? 0
  const most = Math.max(...buckets.flatMap(({ counts }) => counts))
  const cell = { width: (width - AXIS_WIDTH) / columns, height: (height - AXIS_HEIGHT) / buckets.length }
  const rows = buckets.map(({ bound, counts }, row) => {
    const y = (buckets.length - row - 1) * cell.height
    const cells = counts.map((count, column) => count <= 0
      ? ''
      : `<rect x="${AXIS_WIDTH + column * cell.width}" y="${y}" width="${cell.width}" height="${cell.height - 1}" fill="${COLOR}" opacity="${Math.sqrt(count / most)}"/>`)
    const label = bound === Infinity ? '∞' : formatValue(bound, options?.yAxis?.unit ?? 'none')
    return `<text x="${AXIS_WIDTH - 6}" y="${y + 9}" text-anchor="end" font-size="10" fill="${INK}">${label}</text>${cells.join('')}`
  })
  const times = timesOf(range)
  const clocks = [0.1, 0.3, 0.5, 0.7, 0.9].map((part) => {
    const time = times[Math.floor(part * times.length)] ?? range.end
    return `<text x="${AXIS_WIDTH + part * (width - AXIS_WIDTH)}" y="${height - 5}" text-anchor="middle" font-size="11" fill="${INK}">${new Date(time * 1000).toTimeString().slice(0, 8)}</text>`
  })
  return `<svg width="${width}" height="${height}" shape-rendering="crispEdges">${rows.join('')}${clocks.join('')}</svg>`
}

/** Prometheus counts in each bucket what is in all the lower ones, too. */
function separateBuckets (series: Series[]): Array<{ bound: number, counts: number[] }> {
  const cumulative = series
    .map(({ labels, values }) => ({ bound: Number(labels['le']?.replace('+Inf', 'Infinity')), values }))
    .sort((a, b) => a.bound - b.bound)
  return cumulative.map(({ bound, values }, index) => ({
    bound,
    counts: values.map((value, step) => (value ?? 0) - (cumulative[index - 1]?.values[step] ?? 0))
  }))
}
