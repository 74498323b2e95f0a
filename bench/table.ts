export type Cell = string | number

export interface Table {
  title: string
  /** What must be known to read it. */
  note?: string
  head: readonly string[]
  rows: ReadonlyArray<readonly Cell[]>
}

/** A table whose first column is of words and whose others are of numbers. */
export function toMarkdown (head: readonly string[], rows: ReadonlyArray<readonly Cell[]>): string {
  const line = (cells: readonly Cell[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map((_, index) => index === 0 ? '---' : '---:')), ...rows.map(line)].join('\n')
}

/** With so many digits as tell something. */
export function toDigits (value: number): string {
  const size = Math.abs(value)
  if (!Number.isFinite(value)) return 'n/a'
  if (size >= 100 || Number.isInteger(value)) return String(Math.round(value))
  return value.toFixed(size >= 10 ? 1 : 2)
}
