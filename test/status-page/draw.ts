import path from 'node:path'
import { parseArgs } from 'node:util'
import { setTimeout as pause } from 'node:timers/promises'
import { keepVisiting } from '../../src/demo/visitors.ts'
import { openBrowser } from '../fixtures/browser.ts'
import { startEmulator, startService } from '../helper.ts'

/**
 * Takes pictures of the status page while agents are at work: the one that the README shows, or with `--all` one of each kind.
 * `--seconds` is how long they work before, so that the charts have something to show.
 */
const { values: { seconds, browser: program, folder, all } } = parseArgs({
  options: {
    seconds: { type: 'string', default: '150' },
    browser: { type: 'string', default: '/usr/bin/chromium' },
    folder: { type: 'string', default: path.join(import.meta.dirname, '..', '..', 'docs', 'pictures') },
    all: { type: 'boolean', default: false }
  }
})

const KINDS = {
  'status-page': { width: 1240, height: 1078, colorScheme: 'light', isWhole: false },
  light: { width: 1240, height: 900, colorScheme: 'light', isWhole: true },
  dark: { width: 1240, height: 900, colorScheme: 'dark', isWhole: true },
  phone: { width: 390, height: 844, colorScheme: 'light', isWhole: true },
  'phone-dark': { width: 390, height: 844, colorScheme: 'dark', isWhole: false }
} as const

const endings: Array<() => unknown> = []
const scope = { teardown: (end: () => unknown) => { endings.push(end) } }
const { environment } = await startEmulator(scope, { pace: 0.6 })
const { address } = await startService(scope, { ...environment, STATUS_PAGE: 'on' })
const over = new AbortController()
const visits = keepVisiting(address, 12, 4000, over.signal)
const browser = await openBrowser(program)
try {
  await pause(Number(seconds) * 1000)
  for (const [name, { width, height, colorScheme, isWhole }] of Object.entries(KINDS)) {
    if (!all && name !== 'status-page') continue
    const page = await browser.newPage({ viewport: { width, height }, colorScheme, bypassCSP: true })
    page.on('console', (message) => { console.error(`${name}: ${message.text()}`) })
    await page.goto(address)
    await page.locator('#run-list th').first().waitFor()
    // The fonts of this machine are none that people see.
    await page.addStyleTag({ content: ':root { font-family: "Liberation Sans", sans-serif }' })
    await pause(1500)
    const file = path.join(folder, `${name}.png`)
    await page.screenshot({ path: file, fullPage: isWhole })
    console.log(file)
    await page.close()
  }
} finally {
  over.abort()
  await visits
  await browser.close()
  for (const end of endings.reverse()) await end()
}
