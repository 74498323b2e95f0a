import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os'
import path from 'node:path'
import { version } from '../src/version.ts'

const MODULES = path.join(import.meta.dirname, '..', 'node_modules')

/** The machine and what runs on it, in words. */
export function describeMachine (packages: readonly string[]): string {
  const machine = `${cpus()[0]?.model.trim()}, ${availableParallelism()} CPUs, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release().split('-')[0]}`
  const versions = [`Node ${process.versions.node}`, `mcp-dust-server ${version}`, ...packages.map((name) => `${name} ${versionOf(name)}`)]
  return `${machine}; ${versions.join(', ')}`
}

/** The load averages of the last 1, 5 and 15 minutes: what else there was to do. */
export function describeLoad (): string {
  return loadavg().map((load) => load.toFixed(1)).join(' ')
}

/** What a program says of itself. wrk says it with an exit code of 1. */
export function describeProgram (name: string, option: string, pattern: RegExp): string {
  try {
    return pattern.exec(execFileSync(name, [option], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }))?.[0] ?? name
  } catch (error) {
    const said = error instanceof Error && 'stdout' in error ? String(error.stdout) : ''
    return pattern.exec(said)?.[0] ?? name
  }
}

function versionOf (name: string): string {
  const { version } = JSON.parse(readFileSync(path.join(MODULES, name, 'package.json'), 'utf8')) as { version: string }
  return version
}
