import { clientsFor } from '../../status-page/connect.js'

/** How to connect the usual MCP clients to the server at this address, in a terminal. */
export function connectingGuide (address: string, emulatorAddress: string): string {
  const url = new URL('/mcp', address).href
  const clients = clientsFor({ url, authMode: 'none', needsDustKey: false })
  return `
Watch it in a browser: ${new URL('/', address).href}

The server runs on at ${url} - connect your own client:

${clients.map(({ name, where, snippet }) => `${name}. ${where}\n${snippet.replaceAll(/^/gm, '  ')}`).join('\n\n')}

The Dust workspace behind it is emulated at ${emulatorAddress}/_emulator. A few visitors ask its agents from now on, so that there is something to watch. Ctrl-C ends all.
`
}
