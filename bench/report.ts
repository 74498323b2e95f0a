import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { drawPanels, type Panel } from './chart.ts'
import { exponentOf } from './statistics.ts'
import { toDigits, toMarkdown, type Table } from './table.ts'

/** How one cost grows with a size. */
export interface Growth {
  what: string
  points: ReadonlyArray<readonly [size: number, cost: number]>
}

/** Costs of the same unit at the same sizes. */
export interface GrowthTable {
  /** What the costs are, with their unit. */
  costs: string
  /** What the sizes are, such as `connections`. */
  sizes: string
  rows: readonly Growth[]
}

export interface Report {
  /** What was measured and how, in paragraphs of Markdown. */
  method: readonly string[]
  tables: readonly Table[]
  /** Each of them becomes a table and a panel. */
  growth: readonly GrowthTable[]
  panels: readonly Panel[]
  /** Versions of these packages are named. */
  packages: readonly string[]
  /** Versions of other programs. */
  programs?: readonly string[]
  /** What went wrong; nothing of it may be believed then. */
  failures: readonly string[]
}

const ROOT = path.join(import.meta.dirname, '..')

/** Where pages and pictures of a run belong: what was only tried doesn't stand beside what was measured. */
export async function folderOf (isQuick: boolean): Promise<string> {
  return isQuick ? mkdtemp(path.join(tmpdir(), 'bench-')) : path.join(ROOT, 'docs', 'performance')
}

/** Writes the page of a bench and its picture. Resolves to the page. */
export async function writeReport (folder: string, name: string, line: string, setting: readonly string[], report: Report): Promise<string> {
  const page = toPage(name, line, setting, report)
  await mkdir(folder, { recursive: true })
  await writeFile(path.join(folder, `${name}.md`), page)
  await writeFile(path.join(folder, `${name}.svg`), drawPanels([...report.panels, ...report.growth.map(toPanel)]))
  return page
}

function toPage (name: string, line: string, setting: readonly string[], { method, tables, growth }: Report): string {
  return [
    `# Bench: ${name}`,
    `Measures ${line}. \`npm run bench -- ${name}\` wrote this page and its picture; what it means is said in [performance.md](../performance.md).`,
    `![${line}](${name}.svg)`,
    ...method,
    ...tables.flatMap(({ title, note, head, rows }) => [`## ${title}`, toMarkdown(head, rows), ...note === undefined ? [] : [note]]),
    ...growth.length === 0 ? [] : ['## How it grows', 'The exponent k of cost = a · size^k that fits best: 0 means that it stays as it is, 1 that it grows as the size does.'],
    ...growth.map(toGrowthTable),
    '## Machine',
    ...setting
  ].join('\n\n') + '\n'
}

function toPanel ({ costs, sizes, rows }: GrowthTable): Panel {
  return { kind: 'lines', title: `${costs}, by ${sizes}`, sizes, costs, lines: rows.map(({ what: name, points }) => ({ name, points: points.filter(([, cost]) => cost > 0) })) }
}

function toGrowthTable ({ costs, sizes, rows }: GrowthTable): string {
  const columns = rows[0]?.points.map(([size]) => size.toLocaleString('en', { maximumFractionDigits: 1 })) ?? []
  return toMarkdown([`${costs}, by ${sizes}`, ...columns, 'exponent'], rows.map(({ what, points }) => [what, ...points.map(([, cost]) => toDigits(cost)), toDigits(exponentOf(points))]))
}
