import type { DashboardFile } from '../dashboards/dashboard-file.ts'

/**
 * Puts values in the place of Grafana's variables: a window for rates, and the jobs and instances.
 *
 * @param chosen which ones, by the variable; all where nothing is chosen
 */
export function interpolate (expr: string, rateInterval: string, chosen: Record<string, string> = {}): string {
  return expr
    .replaceAll('$__rate_interval', rateInterval)
    .replaceAll(/\$(job|instance)\b/g, (_, variable: string) => chosen[variable] ?? '.+')
}

/** What a dashboard has chosen when it is opened; nothing for a variable that stands for all. */
export function firstChoices ({ templating: { list } }: DashboardFile): Record<string, string> {
  const choices = list.map(({ name, current }): [string, string] => [name, [current?.value ?? []].flat().join('|')])
  return Object.fromEntries(choices.filter(([, value]) => value !== '' && value !== '$__all'))
}

/** Puts the values of labels into a legend. */
export function nameSeries (legendFormat: string, labels: Record<string, string>): string {
  return legendFormat.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => labels[label] ?? '')
}
