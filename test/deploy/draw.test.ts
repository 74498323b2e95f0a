import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import path from 'node:path'
import t, { type Test } from 'tap'
import { freePort } from '../fixtures/free-port.ts'
import { DEPLOY } from './run-program.ts'

const DRAW = path.join(DEPLOY, 'source', 'draw.ts')

async function draw (t: Test, ...args: string[]) {
  const child = spawn(process.execPath, [DRAW, ...args], { env: { ...process.env, TMPDIR: t.testdir() } })
  const [output, complaint, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  return { output, complaint, status: Number(status) }
}

/** Something that answers every request with this, or what is in the place of a Prometheus that knows no series. */
async function startAnswering (t: Test, body?: string): Promise<string> {
  const server = createServer(({ url = '' }, response) => {
    response.end(body ?? JSON.stringify({ status: 'success', data: url.includes('/label/') ? [] : { result: [] } }))
  })
  const port = await freePort()
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return `http://127.0.0.1:${port}`
}

/** How the pictures can fail to be drawn, and what is said of it. */
const FAULTS: Record<string, { args: (t: Test) => Promise<string[]>, complaint: RegExp }> = {
  'an unknown option': { args: async () => ['--prometeus', 'http://127.0.0.1:9090'], complaint: /--prometeus/ },
  'a range that is none': { args: async () => ['--range', 'long'], complaint: /The range must be a duration such as 15m, not long/ },
  'an unknown dashboard': { args: async () => ['htpp'], complaint: /There is no dashboard htpp, but there are agents, http, / },
  'an unknown folder': { args: async () => ['--dashboards', '/nowhere'], complaint: /There is no folder \/nowhere/ },
  'a Prometheus that does not run': { args: async () => ['--prometheus', `http://127.0.0.1:${await freePort()}`], complaint: /Prometheus can't be reached at http/ },
  'a Prometheus whose address is none': { args: async () => ['--prometheus', 'prometheus'], complaint: /Prometheus can't be reached at prometheus/ },
  'another program in the place of Prometheus': { args: async (t) => ['--prometheus', await startAnswering(t, '<html>')], complaint: /is no Prometheus: HTTP 200/ },
  'a Prometheus that refuses': { args: async (t) => ['--prometheus', await startAnswering(t, '{"status":"error","error":"too many"}')], complaint: /Prometheus can't answer .*: too many/ },
  'a browser that is not there': { args: async (t) => ['--prometheus', await startAnswering(t), '--browser', 'netscape', 'http'], complaint: /The browser netscape can't be run/ }
}

for (const [fault, { args, complaint }] of Object.entries(FAULTS)) {
  t.test(`npm run deploy:draw tells of ${fault} in a line`, async (t) => {
    const drawn = await draw(t, ...await args(t))
    t.match(drawn, { output: '', status: 1 })
    t.match(drawn.complaint, complaint)
    t.match(drawn.complaint, /^.+\n$/, 'and nothing else')
  })
}
