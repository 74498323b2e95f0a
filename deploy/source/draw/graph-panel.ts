import type { PanelFile } from '../dashboards/dashboard-file.ts'
import { lineColor, namedColor } from './colors.ts'
import type { Drawing, Size } from './drawing.ts'
import { escapeHtml } from './html.ts'
import { timesOf, type Series, type TimeRange } from './series.ts'
import { tickSteps } from './tick-steps.ts'

const LEGEND_HEIGHT = 56

/** A graph: where the page draws it, and its legend. */
export function graphPanel ({ id, fieldConfig }: PanelFile, series: Series[], range: TimeRange, { width, height }: Size): Drawing {
  const { unit = 'none', custom, thresholds } = fieldConfig?.defaults ?? {}
  const times = timesOf(range)
  const limits = custom?.thresholdsStyle === undefined ? [] : thresholds?.steps ?? []
  const lines = series.map(({ values }, index) => ({ color: lineColor(index), isLimit: false, values }))
  const limitLines = limits.flatMap(({ value, color }) => value === null ? [] : [{ color: namedColor(color), isLimit: true, values: times.map(() => value) }])
  const highest = Math.max(...lines.flatMap(({ values }) => values.map((value) => value ?? 0)), custom?.axisSoftMax ?? 0)
  const chart = {
    id: `chart-${id}`,
    width,
    height: height - LEGEND_HEIGHT,
    unit,
    tickSteps: tickSteps(unit),
    // A line along the bottom needs some room above it, too.
    max: highest === 0 ? 1 : highest * 1.05,
    times,
    lines: [...lines, ...limitLines]
  }
  const names = series.map(({ name }, index) => `<span><i style="background:${lineColor(index)}"></i>${escapeHtml(name)}</span>`)
  return { html: `<div id="${chart.id}"></div><div class="legend" style="height:${LEGEND_HEIGHT}px">${names.join('')}</div>`, chart }
}
