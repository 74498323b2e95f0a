import { readdirSync, readFileSync } from 'node:fs'

export interface ProcessUsage {
  cpuMicros: number
  /** Resident: with what is shared counted whole, and by its share. */
  rssBytes: number
  pssBytes: number
}

/** What Linux shows to programs, on every machine that it runs on with Node. */
const TICKS_PER_SECOND = 100

/**
 * What a process has used and what it holds, and those that it has started with it, whoever made them.
 *
 * @see https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
 */
export function readUsage (pid: number): ProcessUsage {
  const sum = { cpuMicros: 0, rssBytes: 0, pssBytes: 0 }
  for (const member of familyOf(pid)) {
    sum.cpuMicros += cpuMicrosOf(member)
    const rollup = readFileSync(`/proc/${member}/smaps_rollup`, 'utf8')
    sum.rssBytes += bytesOf(rollup, 'Rss')
    sum.pssBytes += bytesOf(rollup, 'Pss')
  }
  return sum
}

/** The CPU time of a process and of those that it has started. */
export function readCpuMicros (pid: number): number {
  return familyOf(pid).reduce((sum, member) => sum + cpuMicrosOf(member), 0)
}

function cpuMicrosOf (pid: number): number {
  // Its own time, and that of its children that have ended.
  const [utime, stime, cutime, cstime] = statOf(pid).slice(11, 15).map(Number)
  return ((utime ?? NaN) + (stime ?? NaN) + (cutime ?? NaN) + (cstime ?? NaN)) / TICKS_PER_SECOND * 1e6
}

function familyOf (pid: number): number[] {
  const childrenOf = new Map<number, number[]>()
  for (const member of readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number)) {
    const parent = parentOf(member)
    if (parent !== undefined) childrenOf.set(parent, [...childrenOf.get(parent) ?? [], member])
  }
  const withChildren = (member: number): number[] => [member, ...(childrenOf.get(member) ?? []).flatMap(withChildren)]
  return withChildren(pid)
}

function parentOf (pid: number): number | undefined {
  try {
    return Number(statOf(pid)[1])
  } catch {
    return undefined // it has ended meanwhile
  }
}

/** The fields after the name, which may have anything in it. */
function statOf (pid: number): string[] {
  return readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ')
}

function bytesOf (rollup: string, field: string): number {
  return Number(new RegExp(`^${field}: +(\\d+) kB`, 'm').exec(rollup)?.[1]) * 1024
}
