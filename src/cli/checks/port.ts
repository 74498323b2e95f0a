import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Config } from '../../config.ts'
import { describeStartFault } from '../../start-fault.ts'
import { ok, wrong, type Finding } from '../finding.ts'

/** Listens for a moment where the server would. */
export async function checkPort (config: Config): Promise<Finding> {
  const { host, port } = config.server
  const server = createServer()
  try {
    server.listen(port, host)
    await once(server, 'listening')
  } catch (error) {
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
    return wrong(`${describeStartFault(error, config)}${isTaken ? ' If this server runs already, it has the port itself.' : ''}`)
  }
  server.close()
  await once(server, 'close')
  return ok(port === 0 ? `a free port of ${host} will be taken` : `port ${port} on ${host} is free`)
}
