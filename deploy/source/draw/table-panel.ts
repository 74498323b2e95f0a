import type { PanelFile } from '../dashboards/dashboard-file.ts'
import { escapeHtml } from './html.ts'
import type { Series } from './series.ts'

/** A row for each series, with its labels as the panel orders and names them. */
export function tablePanel ({ transformations = [] }: PanelFile, series: Series[]): string {
  const labels = transformations.flatMap(({ options: { indexByName } }) => Object.keys(indexByName))
  const headings = transformations.flatMap(({ options: { renameByName } }) => labels.map((label) => renameByName[label] ?? label))
  const row = (cells: string[], tag: string): string => `<tr>${cells.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('')}</tr>`
  const rows = series.map((one) => row(labels.map((label) => one.labels[label] ?? ''), 'td'))
  return `<table>${row(headings, 'th')}${rows.join('')}</table>`
}
