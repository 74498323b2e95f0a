import type uPlot from 'uplot'

/** A graph as it is handed to the page. */
export interface Chart {
  /** Of the element that it is drawn into. */
  id: string
  width: number
  height: number
  unit: string
  /** What ticks of the axis may be apart. */
  tickSteps: number[]
  /** Where the axis ends that begins at 0. */
  max: number
  /** In seconds since the epoch. */
  times: number[]
  lines: Array<{ color: string, isLimit: boolean, values: Array<number | null> }>
}

/** What the page offers. */
export interface Page {
  plot (options: uPlot.Options, data: uPlot.AlignedData, id: string): void
  format (value: number, unit: string): string
}

/** Draws graphs. It runs in the browser, which is given its text, so it must need nothing around it. */
export function drawCharts (charts: Chart[], { plot, format }: Page): void {
  const axis = { stroke: '#ccccdc', grid: { stroke: '#2c2e33', width: 1 }, ticks: { show: false }, font: '11px sans-serif' }
  const clock = (seconds: number): string => new Date(seconds * 1000).toTimeString().slice(0, 8)
  for (const { id, width, height, unit, tickSteps, max, times, lines } of charts) {
    const options: uPlot.Options = {
      width,
      height,
      padding: [6, 12, 0, 0],
      legend: { show: false },
      cursor: { show: false },
      scales: { y: { range: [0, max] } },
      axes: [{ ...axis, size: 28, values: (_chart, ticks) => ticks.map(clock) }, { ...axis, size: 70, incrs: tickSteps, values: (_chart, ticks) => ticks.map((tick) => format(tick, unit)) }],
      series: [{}, ...lines.map(({ color, isLimit }) => isLimit
        ? { stroke: color, width: 1, dash: [6, 4] }
        : { stroke: color, width: 1.5, fill: `${color}1a`, points: { show: false } })]
    }
    plot(options, [times, ...lines.map(({ values }) => values)], id)
  }
}
