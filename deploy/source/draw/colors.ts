/** Grafana's names for colours, and what they look like on its dark background. */
const NAMED: Record<string, string> = { text: '#ccccdc', green: '#73bf69', orange: '#ff9830', red: '#f2495c' }

/** Colours of lines, in the order in which they are given away. */
const PALETTE = ['#73bf69', '#f2cc0c', '#8ab8ff', '#ff780a', '#f2495c', '#5794f2', '#b877d9', '#705da0', '#37872d', '#fade2a', '#447ebc', '#c15c17', '#890f02', '#0a437c']

export function namedColor (name: string): string {
  const color = NAMED[name]
  if (color === undefined) throw new Error(`There is no colour for ${name}`)
  return color
}

export function lineColor (index: number): string {
  return PALETTE[index % PALETTE.length] ?? namedColor('text')
}
