import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { DrawFault } from './draw-fault.ts'
import type { Page } from './page.ts'

/**
 * Writes the page and its picture into the folder, and gives the path of the picture.
 *
 * @throws {DrawFault} when the browser can't be run, or draws nothing
 */
export async function takePicture (browser: string, folder: string, name: string, { html, width, height }: Page): Promise<string> {
  const file = path.join(folder, `${name}.html`)
  const picture = path.join(folder, `${name}.png`)
  await writeFile(file, html)
  const profile = await mkdtemp(path.join(folder, 'browser-'))
  try {
    await promisify(execFile)(browser, [
      '--headless',
      // It can't have one in a container, and the page is ours.
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--disable-background-networking',
      '--hide-scrollbars',
      `--user-data-dir=${profile}`,
      `--window-size=${width},${height}`,
      `--screenshot=${picture}`,
      `file://${file}`
    ])
  } catch (error) {
    throw new DrawFault(`The browser ${browser} can't be run; --browser names another`, { cause: error })
  } finally {
    // A process of the browser may still write there for a moment.
    await rm(profile, { recursive: true, force: true, maxRetries: 5 })
  }
  return picture
}
