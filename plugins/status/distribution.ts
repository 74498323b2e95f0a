import type { Histogram } from '@prometheus-io/client'

/** How many values fell into each bucket of a histogram. */
export class Distribution {
  /** Upper bounds, the last one infinite, and how many values are not above each. */
  readonly #bounds: readonly number[]
  readonly #counts: readonly number[]

  constructor (bounds: readonly number[], counts: readonly number[]) {
    this.#bounds = bounds
    this.#counts = counts
  }

  static readonly EMPTY = new Distribution([], [])

  get count (): number {
    return this.#counts.at(-1) ?? 0
  }

  plus (other: Distribution): Distribution {
    if (this.#bounds.length === 0) return other
    return new Distribution(this.#bounds, this.#counts.map((count, index) => count + (other.#counts[index] ?? 0)))
  }

  /** What has come since. */
  minus (earlier: Distribution): Distribution {
    return new Distribution(this.#bounds, this.#counts.map((count, index) => count - (earlier.#counts[index] ?? 0)))
  }

  /**
   * The value that this share of all values doesn't exceed, as Prometheus guesses it; `null` when there are none.
   *
   * @see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile
   */
  quantile (share: number): number | null {
    if (this.count === 0) return null
    const rank = share * this.count
    const index = this.#counts.findIndex((count) => count >= rank)
    const [lower, upper] = [this.#bounds[index - 1] ?? 0, this.#bounds[index] ?? 0]
    if (upper === Infinity) return lower
    const below = this.#counts[index - 1] ?? 0
    return lower + (upper - lower) * (rank - below) / ((this.#counts[index] ?? 0) - below)
  }
}

export interface Series {
  labels: Readonly<Partial<Record<string, string | number>>>
  values: Distribution
}

/** All series of a histogram. */
export async function readHistogram<Label extends string> (histogram: Histogram<Label>): Promise<Series[]> {
  const series: Series[] = []
  let bounds: number[] = []
  let counts: number[] = []
  for (const { labels, value } of (await histogram.get()).values) {
    const { le, ...others }: Series['labels'] = labels
    if (le === undefined) continue
    bounds.push(le === '+Inf' ? Infinity : Number(le))
    counts.push(value)
    if (le !== '+Inf') continue
    series.push({ labels: others, values: new Distribution(bounds, counts) })
    bounds = []
    counts = []
  }
  return series
}
