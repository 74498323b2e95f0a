import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import path from 'node:path'
import { Buildah } from '../../test/fixtures/buildah.ts'
import { writeNodeBaseImage } from '../../test/fixtures/node-base-image.ts'
import { whyNot } from '../programs.ts'

const ROOT = path.join(import.meta.dirname, '..', '..')

export interface ImageContent {
  /** Beyond its base, in bytes, and how much of it are packages. */
  bytes: number
  packageBytes: number
  files: number
}

/** What the Dockerfile adds to its base image, or why that isn't known. */
export async function measureImage (): Promise<ImageContent | string> {
  const reason = process.getuid?.() === 0 ? whyNot('buildah') : 'buildah needs root here'
  if (reason !== null) return reason
  const closing: Array<() => unknown> = []
  try {
    const buildah = new Buildah({ teardown: (work) => { closing.push(work) } }, 'buildah')
    const [, base = ''] = /^ARG NODE_IMAGE=(\S+)/m.exec(readFileSync(path.join(ROOT, 'Dockerfile'), 'utf8')) ?? []
    const folder = mkdtempSync(path.join(tmpdir(), 'bench-image-'))
    closing.push(() => { rmSync(folder, { recursive: true }) })
    writeNodeBaseImage(folder)
    await buildah.build(folder, `docker.io/library/${base}`)
    const cache = path.join(homedir(), '.npm')
    await buildah.build(ROOT, 'mcp-dust-server:bench', ...existsSync(cache) ? [`--volume=${cache}:/root/.npm`] : [])
    const app = path.join(await buildah.open('mcp-dust-server:bench'), 'app')
    const [all, packages] = [sizesOf(app), sizesOf(path.join(app, 'node_modules'))]
    return { bytes: sum(all), packageBytes: sum(packages), files: all.length }
  } finally {
    for (const work of closing.reverse()) await work()
  }
}

function sizesOf (folder: string): number[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => lstatSync(path.join(entry.parentPath, entry.name)).size)
}

function sum (sizes: readonly number[]): number {
  return sizes.reduce((sum, size) => sum + size, 0)
}
