import type { DashboardFile } from '../dashboards/dashboard-file.ts'
import { literally } from '../names.ts'

/** Finds the values that a label has among these series. */
export type LabelValues = (series: string, label: string) => Promise<string[]>

/**
 * Puts values in the place of Grafana's variables: a window for rates, and the jobs and instances.
 *
 * @param chosen which ones, by the variable; any where nothing is said
 */
export function interpolate (expr: string, rateInterval: string, chosen: Record<string, string> = {}): string {
  return expr
    .replaceAll('$__rate_interval', rateInterval)
    .replaceAll(/\$(job|instance)\b/g, (_, variable: string) => chosen[variable] ?? '.+')
}

/** What a dashboard has chosen when it is opened. As in Grafana all means those values that the variable's query finds. */
export async function firstChoices ({ templating: { list } }: DashboardFile, labelValues: LabelValues): Promise<Record<string, string>> {
  const chosen: Record<string, string> = {}
  for (const { name, query = '', current } of list) {
    const [, series, label] = /^label_values\((.+), (\w+)\)$/.exec(query) ?? []
    if (series === undefined || label === undefined) continue
    const values = [current?.value ?? []].flat()
    const meant = values.includes('$__all') ? await labelValues(interpolate(series, '', chosen), label) : values
    chosen[name] = meant.map(literally).join('|')
  }
  return chosen
}

/** Puts the values of labels into a legend. */
export function nameSeries (legendFormat: string, labels: Record<string, string>): string {
  return legendFormat.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => labels[label] ?? '')
}
