/** @import { Point } from '../plugins/status/snapshot.ts' */
import { byId, make, setText } from './dom.js'
import { count, latency, rate } from './format.js'

/**
 * @typedef {object} ChartPlan
 * @property {string} id of its figure
 * @property {Array<{ label: string, column: number }>} series which column of a point is drawn, the main one first
 * @property {(value: number) => string} format
 * @property {number} least what the axis reaches at least
 * @property {number[]} [steps] between the lines of the axis
 */

/** @type {ChartPlan[]} */
const PLANS = [
  { id: 'chart-operations', series: [{ label: 'all', column: 1 }, { label: 'failed', column: 2 }], format: rate, least: 1 },
  { id: 'chart-latency', series: [{ label: 'p50', column: 3 }, { label: 'p95', column: 4 }], format: latency, least: 0.1 },
  { id: 'chart-runs', series: [{ label: 'in progress', column: 5 }], format: count, least: 4, steps: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000] },
  { id: 'chart-dust', series: [{ label: 'all', column: 6 }, { label: 'failed', column: 7 }], format: rate, least: 1 }
]

const LONGEST_SECONDS = 600
const SHORTEST_SECONDS = 120
const HEIGHT = 170

/** Draws how the last minutes were, and says the same in words. */
export class Charts {
  /** @type {Point[]} */
  #points = []
  /** @type {Point[]} one, or none yet */
  #now = []
  #charts = PLANS.map((plan) => new Chart(plan))

  /**
   * After a restart of the server what was before stays, with a gap.
   *
   * @param {Point[]} history
   */
  begin (history) {
    const [first] = history
    if (first === undefined) return
    const before = [...this.#points, ...this.#now].filter(([at]) => at < first[0])
    /** @type {Point[]} */
    const gap = before.length > 0 && first[0] - (before.at(-1)?.[0] ?? 0) > 10 ? [[first[0] - 1, NaN, NaN, null, null, NaN, NaN, NaN]] : []
    this.#points = [...before, ...gap, ...history]
    this.#now = []
    this.#draw()
  }

  /**
   * @param {Point} point the last one of the server's history
   * @param {Point} now is shown until it's history
   */
  add (point, now) {
    const last = this.#points.at(-1)
    if (last === undefined || point[0] > last[0]) this.#points = [...this.#points, point].filter(([at]) => at >= point[0] - LONGEST_SECONDS)
    this.#now = [now]
    this.#draw()
  }

  /** In the colours that hold now. */
  repaint () {
    for (const chart of this.#charts) chart.repaint()
  }

  #draw () {
    for (const chart of this.#charts) chart.draw([...this.#points, ...this.#now])
  }
}

class Chart {
  /** @param {ChartPlan} plan */
  constructor (plan) {
    this.plan = plan
    const figure = byId(plan.id, HTMLElement)
    this.canvas = make('div', { className: 'canvas' })
    this.canvas.setAttribute('aria-hidden', 'true')
    this.words = make('p', { className: 'unseen' })
    this.keys = plan.series.map(({ label }, index) => {
      const value = make('b', { text: '–' })
      const key = make('span', { className: `key series-${index + 1}` }, make('i'), make('span', { text: `${label} ` }), value)
      return { key, value }
    })
    figure.querySelector('figcaption')?.append(make('span', { className: 'keys' }, ...this.keys.map(({ key }) => key)))
    figure.append(this.canvas, this.words)
    /** @type {Point[]} */
    this.points = []
    this.plot = new uPlot(this.#options(), [[]], this.canvas)
    new ResizeObserver(() => { this.plot.setSize({ width: this.canvas.clientWidth, height: HEIGHT }) }).observe(this.canvas)
  }

  /** @param {Point[]} points */
  draw (points) {
    this.points = points
    const column = (/** @type {number} */ index) => points.map((point) => {
      const value = point[index] ?? null
      return Number.isNaN(value) ? null : value
    })
    const values = this.plan.series.map((series) => column(series.column))
    this.plot.setData([points.map(([at]) => at), ...values])
    this.#showValues()
    setText(this.words, this.plan.series.map(({ label }, index) => this.#describe(label, values[index] ?? [])).join(' '))
  }

  repaint () {
    this.plot.redraw(false, true)
  }

  /**
   * @param {string} label
   * @param {Array<number | null>} values
   */
  #describe (label, values) {
    const known = values.filter((value) => value !== null)
    const minutes = Math.max(1, Math.round(((this.points.at(-1)?.[0] ?? 0) - (this.points[0]?.[0] ?? 0)) / 60))
    if (known.length === 0) return `${label}: nothing in the last ${minutes} min.`
    const { format } = this.plan
    return `${label}: now ${this.#last(values.length - 1, values)}, in the last ${minutes} min between ${format(Math.min(...known))} and ${format(Math.max(...known))}.`
  }

  /**
   * @param {number} index
   * @param {ArrayLike<number | null | undefined>} values
   */
  #last (index, values) {
    const value = values[index] ?? null
    return value === null ? '–' : this.plan.format(value)
  }

  /** Those under the pointer, else the last ones. */
  #showValues () {
    const index = this.plot.cursor.idx ?? this.points.length - 1
    for (const [number, { value }] of this.keys.entries()) setText(value, this.#last(index, this.plot.data[number + 1] ?? []))
  }

  #colour (/** @type {string} */ part) {
    return () => getComputedStyle(part === 'axis' ? this.canvas : this.keys[Number(part)]?.key ?? this.canvas).color
  }

  /** @returns {uPlot.Options} */
  #options () {
    const { series, format, least, steps } = this.plan
    const font = `12px ${getComputedStyle(this.canvas).fontFamily}`
    const lines = { width: 1, stroke: () => getComputedStyle(this.canvas).borderTopColor }
    return {
      width: this.canvas.clientWidth,
      height: HEIGHT,
      padding: [8, 8, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, sync: { key: 'status' }, points: { size: 6 } },
      scales: {
        x: { range: (_plot, _min, max) => [Math.max(max - LONGEST_SECONDS, Math.min(this.points[0]?.[0] ?? max, max - SHORTEST_SECONDS)), max] },
        y: { range: (_plot, _min, max) => [0, Math.max(least, (max ?? 0) * 1.1)] }
      },
      axes: [
        { stroke: this.#colour('axis'), font, grid: { show: false }, ticks: { show: false }, space: 80, size: 26, values: (_plot, times, _axis, _space, step) => times.map((time) => clock(time, step)) },
        { stroke: this.#colour('axis'), font, grid: lines, ticks: { show: false }, size: 50, space: 28, values: (_plot, values) => values.map(format), ...(steps && { incrs: steps }) }
      ],
      series: [{}, ...series.map((_series, index) => ({ stroke: this.#colour(String(index)), width: 1.5, points: { show: false } }))],
      hooks: { setCursor: [() => { this.#showValues() }] }
    }
  }
}

/**
 * @param {number} seconds
 * @param {number} step between two
 */
function clock (seconds, step) {
  return new Date(seconds * 1000).toLocaleTimeString('en', { hourCycle: 'h23', hour: '2-digit', minute: '2-digit', ...(step < 60 && { second: '2-digit' }) })
}
