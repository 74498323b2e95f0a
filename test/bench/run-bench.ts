import { rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Test } from 'tap'
import { run } from '../e2e/server-process.ts'

export interface Benched {
  code: number | null
  /** The cells of its tables, by the words that they begin with. */
  rows: Map<string, string[]>
  picture: string
}

/** Runs a bench in its shortest form, as a person would, and reads what it wrote. */
export async function runBench (t: Test, name: string, ...args: string[]): Promise<Benched> {
  const { ended, stdout, stderr } = run(t, 'bench/run.ts', { PATH: process.env['PATH'] ?? '' }, [name, '--quick', ...args])
  const { code } = await ended
  const folder = /^Written to (.*)$/.exec(stdout.at(-1) ?? '')?.[1] ?? ''
  t.not(folder, '', stderr.join('\n'))
  t.teardown(() => { rmSync(folder, { recursive: true }) })
  const page = await readFile(path.join(folder, `${name}.md`), 'utf8')
  const rows = page.split('\n').filter((line) => line.startsWith('| ')).map((line) => line.slice(2, -2).split(' | '))
  return { code, rows: new Map(rows.map(([first = '', ...cells]) => [first, cells])), picture: await readFile(path.join(folder, `${name}.svg`), 'utf8') }
}

/** Whether a row has nothing but numbers, the first of them above 0. */
export function areFigures (cells: readonly string[] | undefined): boolean {
  return cells !== undefined && Number(cells[0]) > 0 && cells.every((cell) => /^\d+(\.\d+)?$/.test(cell))
}
