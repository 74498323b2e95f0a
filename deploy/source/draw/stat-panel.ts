import type { PanelFile } from '../dashboards/dashboard-file.ts'
import { namedColor } from './colors.ts'
import { formatValue } from './format.ts'
import { escapeHtml } from './html.ts'
import type { Series } from './series.ts'

/** Present values, large, in the colour of the highest threshold that they have reached. */
export function statPanel ({ fieldConfig }: PanelFile, series: Series[]): string {
  const { unit = 'none', noValue = 'No data', mappings = [], thresholds } = fieldConfig?.defaults ?? {}
  const present = series.flatMap(({ values }) => values.at(-1) ?? [])
  if (present.length === 0) return `<div class="stat">${escapeHtml(noValue)}</div>`
  return present.map((value) => {
    const word = mappings.map(({ options }) => options[String(value)]?.text).find((text) => text !== undefined)
    const color = thresholds?.steps.findLast(({ value: from }) => from === null || value >= from)?.color ?? 'text'
    return `<div class="stat" style="color:${namedColor(color)}">${escapeHtml(word ?? formatValue(value, unit))}</div>`
  }).join('')
}
