import { spawnSync } from 'node:child_process'
import path from 'node:path'

export const DEPLOY = path.join(import.meta.dirname, '..', '..', 'deploy')

/** Runs a program to its end. `output` is what it was asked for, `said` that and its complaints. */
export function run (program: string, ...args: string[]): { status: number | null, output: string, said: string } {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  return { status, output: stdout, said: stdout + stderr }
}
