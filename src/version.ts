import { readFileSync } from 'node:fs'
import path from 'node:path'

/** The version in `package.json`, found from the sources and from `dist/` alike. */
export const version: string = readVersion(import.meta.dirname)

function readVersion (folder: string): string {
  const file = path.join(folder, 'package.json')
  const content = readOptional(file)
  if (content !== undefined) {
    const { name, version } = JSON.parse(content) as { name?: unknown, version?: unknown }
    if (name === 'mcp-dust-server' && typeof version === 'string') return version
  }
  const parent = path.dirname(folder)
  if (parent === folder) throw new Error('package.json of mcp-dust-server not found')
  return readVersion(parent)
}

function readOptional (file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
