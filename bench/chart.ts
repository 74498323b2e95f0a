import * as echarts from 'echarts'

/** One of the charts of a picture. */
export type Panel =
  | { kind: 'bars', title: string, bars: ReadonlyArray<{ name: string, value: number, isOurs?: boolean }> }
  /** Both axes are logarithmic. */
  | { kind: 'lines', title: string, sizes: string, costs: string, lines: ReadonlyArray<{ name: string, points: ReadonlyArray<readonly [number, number]> }> }

const WIDTH = 920
const TITLE_HEIGHT = 44
const BAR_HEIGHT = 26
const LINES_HEIGHT = 260
const GAP = 44
const LABEL_WIDTH = 300

/** On a ground of its own, so that it can be read on a light page and on a dark one. */
const INK = '#24292f'
const FAINT = '#d0d7de'
const OURS = '#0969da'
const THEIRS = '#8c959f'
const LINES = ['#0969da', '#bc4c00', '#1a7f37', '#8250df', '#bf3989', '#57606a', '#d4a72c', '#1b7c83', '#a40e26', '#6e4a1e']

/** Draws panels, one below the other, as the text of an SVG file. The same panels give the same text. */
export function drawPanels (panels: readonly Panel[]): string {
  let top = 0
  const placed = panels.map((panel) => {
    const place = { top: top + TITLE_HEIGHT, height: panel.kind === 'bars' ? panel.bars.length * BAR_HEIGHT : LINES_HEIGHT, titleTop: top + 12 }
    top = place.top + place.height + GAP
    return { panel, place }
  })
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height: top })
  const options = placed.map(({ panel, place }, index) => panel.kind === 'bars' ? barsOf(panel, place, index) : linesOf(panel, place, index))
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily: 'sans-serif', color: INK },
    title: placed.map(({ panel, place }) => ({ text: panel.title, left: 12, top: place.titleTop, textStyle: { fontSize: 15, color: INK } })),
    grid: options.map(({ grid }) => grid),
    xAxis: options.map(({ xAxis }) => xAxis),
    yAxis: options.map(({ yAxis }) => yAxis),
    legend: options.flatMap(({ legend }) => legend),
    series: options.flatMap(({ series }) => series)
  })
  const svg = chart.renderToSVGString()
  chart.dispose()
  return renameIds(svg)
}

/** What classes and ids are called goes on counting from picture to picture. */
function renameIds (svg: string): string {
  const names = new Map<string, string>()
  return svg.replaceAll(/zr\d+-(cls-|c)\d+/g, (name) => {
    const short = names.get(name) ?? `c${names.size}`
    names.set(name, short)
    return short
  })
}

interface Place {
  top: number
  height: number
}

interface PanelOptions {
  grid: echarts.GridComponentOption
  xAxis: echarts.XAXisComponentOption
  yAxis: echarts.YAXisComponentOption
  legend: echarts.LegendComponentOption[]
  series: echarts.SeriesOption[]
}

function barsOf ({ bars }: Panel & { kind: 'bars' }, { top, height }: Place, index: number): PanelOptions {
  return {
    grid: { left: LABEL_WIDTH, right: 90, top, height },
    xAxis: { type: 'value', gridIndex: index, axisLabel: { show: false }, splitLine: { show: false } },
    yAxis: { type: 'category', gridIndex: index, inverse: true, data: bars.map(({ name }) => name), axisLabel: { color: INK, fontSize: 12, interval: 0 }, axisLine: { lineStyle: { color: FAINT } }, axisTick: { show: false } },
    legend: [],
    series: [{
      type: 'bar',
      xAxisIndex: index,
      yAxisIndex: index,
      barWidth: '65%',
      label: { show: true, position: 'right', color: INK, fontSize: 12 },
      data: bars.map(({ value, isOurs = false }) => ({ value: Number(value.toPrecision(3)), itemStyle: { color: isOurs ? OURS : THEIRS } }))
    }]
  }
}

function linesOf ({ sizes, costs, lines }: Panel & { kind: 'lines' }, { top, height }: Place, index: number): PanelOptions {
  const names = (name: string): object => ({ name, nameLocation: 'middle', nameTextStyle: { color: INK, fontSize: 12 } })
  const faint = { axisLabel: { color: INK }, axisLine: { lineStyle: { color: FAINT } }, splitLine: { lineStyle: { color: FAINT } } }
  return {
    grid: { left: 90, right: LABEL_WIDTH, top, height: height - 20 },
    xAxis: { type: 'log', gridIndex: index, ...names(sizes), nameGap: 26, ...faint },
    yAxis: { type: 'log', gridIndex: index, ...names(costs), nameGap: 56, ...faint },
    legend: [{ orient: 'vertical', left: WIDTH - LABEL_WIDTH + 16, top, data: lines.map(({ name }) => name), textStyle: { color: INK, fontSize: 12, width: LABEL_WIDTH - 60, overflow: 'break' } }],
    series: lines.map(({ name, points }, line) => ({
      type: 'line',
      name,
      xAxisIndex: index,
      yAxisIndex: index,
      symbolSize: 7,
      color: LINES[line % LINES.length] ?? INK,
      data: points.map((point) => [...point])
    }))
  }
}
