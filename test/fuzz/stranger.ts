import { once } from 'node:events'
import { createServer } from 'node:http'

/** A host that nobody has any business with. */
export interface Stranger {
  address: string
  /** What was sent to it nevertheless. */
  findings: string[]
  close (): Promise<void>
}

export async function startStranger (): Promise<Stranger> {
  const findings: string[] = []
  const server = createServer(({ method, url, headers }, response) => {
    findings.push(`another host was sent ${method} ${url}${headers.authorization === undefined ? '' : ', with the key'}`)
    response.end('{}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = Object(server.address())
  return {
    address: `http://127.0.0.1:${port}`,
    findings,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    }
  }
}
