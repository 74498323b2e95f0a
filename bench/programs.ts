import { accessSync, constants } from 'node:fs'
import path from 'node:path'

/** Why a program can't be used, or `null` when it can. */
export function whyNot (program: string): string | null {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter)
  return folders.some((folder) => isExecutable(path.join(folder, program))) ? null : `${program} is not installed`
}

function isExecutable (file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
