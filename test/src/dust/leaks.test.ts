import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { startEmulator } from './emulated-dust.ts'

const script = fileURLToPath(new URL('leave-early.ts', import.meta.url))

t.test('no timer and no connection outlives its use: a process that is done ends', async (t) => {
  const { baseUrl } = await startEmulator(t)
  const { stdout } = await promisify(execFile)(process.execPath, [script, baseUrl], { timeout: 14_000 })
  t.equal(stdout, 'cancelled\ncancelled\n')
})
