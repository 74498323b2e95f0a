import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import type { Page } from './page.ts'

/** Writes the page and its picture into the folder, and gives the path of the picture. */
export async function takePicture (browser: string, folder: string, name: string, { html, width, height }: Page): Promise<string> {
  const file = path.join(folder, `${name}.html`)
  const picture = path.join(folder, `${name}.png`)
  await writeFile(file, html)
  await promisify(execFile)(browser, [
    '--headless',
    // It can't have one in a container, and the page is ours.
    '--no-sandbox',
    '--disable-gpu',
    '--disable-dev-shm-usage',
    '--disable-background-networking',
    '--hide-scrollbars',
    `--user-data-dir=${path.join(folder, 'browser')}`,
    `--window-size=${width},${height}`,
    `--screenshot=${picture}`,
    `file://${file}`
  ])
  return picture
}
