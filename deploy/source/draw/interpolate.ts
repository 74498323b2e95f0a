/** Puts values in the place of Grafana's variables: all jobs and instances, and a window for rates. */
export function interpolate (expr: string, rateInterval: string): string {
  return expr
    .replaceAll('$__rate_interval', rateInterval)
    .replaceAll(/\$(job|instance)\b/g, '.+')
}

/** Puts the values of labels into a legend. */
export function nameSeries (legendFormat: string, labels: Record<string, string>): string {
  return legendFormat.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => labels[label] ?? '')
}
