import { createSelectors, type Names, type Selectors } from '../names.ts'

export interface Query {
  expr: string
  /** What a series is called, `{{label}}` stands for the label's value. */
  legend: string
}

/** Grafana puts the shortest window here that suits the resolution of the graph and the interval of the scrapes. */
const FITTING_WINDOW = '$__rate_interval'

/** Matches the jobs that were chosen at the top of the dashboard. Series that are recorded for a whole job have no instance to choose. */
export const CHOSEN_JOB = 'job=~"$job"'
export const CHOSEN_INSTANCE = 'instance=~"$instance"'

/** Selects the series of the jobs and instances that were chosen at the top of the dashboard. */
export function chosen ({ prefix }: Names): Selectors {
  return createSelectors(prefix, CHOSEN_JOB, CHOSEN_INSTANCE)
}

export function ofChosenJob (recorded: string): string {
  return `${recorded}{${CHOSEN_JOB}}`
}

const grouping = (labels: string[]): string => labels.length === 0 ? '' : ` by (${labels.join(', ')})`

export function perSecond (counter: string, ...labels: string[]): string {
  return `sum${grouping(labels)} (rate(${counter}[${FITTING_WINDOW}]))`
}

/** For what happens too rarely to be counted by the second. */
export function perMinute (counter: string, ...labels: string[]): string {
  return `60 * ${perSecond(counter, ...labels)}`
}

/** The observations of each bucket, for a heatmap. */
export function spread (buckets: string): string {
  return `sum by (le) (increase(${buckets}[${FITTING_WINDOW}]))`
}

/** No value where nothing was observed: it would be NaN, which is no number to show. */
export function quantile (share: number, buckets: string, labels: string[] = [], window = FITTING_WINDOW): string {
  return `histogram_quantile(${share}, sum${grouping([...labels, 'le'])} (rate(${buckets}[${window}]))) >= 0`
}

/** A middle and a bad case. */
export function medianAndTail (buckets: string): Query[] {
  return [
    { expr: quantile(0.5, buckets), legend: 'median' },
    { expr: quantile(0.95, buckets), legend: '95 %' }
  ]
}
