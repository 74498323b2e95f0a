/**
 * How the usual MCP clients are told of a server: the one source of these words, for the status page and for the terminal.
 *
 * @typedef {object} ServerFacts
 * @property {string} url where clients reach `/mcp`
 * @property {'none' | 'token' | 'oauth'} authMode
 * @property {boolean} needsDustKey whether callers bring a Dust key of their own
 *
 * @typedef {object} Client
 * @property {string} name
 * @property {string} where what to do with the snippet
 * @property {string} snippet
 * @property {string | null} link what a click on opens the client, and tells it everything; `null` where there is no such thing
 *
 * @typedef {object} Header
 * @property {string} name
 * @property {string} value with a place to fill in
 * @property {string} variable of the environment, where the value mustn't be an argument
 */

/** Under which the clients show the server. */
const NAME = 'dust'

/**
 * @param {ServerFacts} facts
 * @returns {Client[]}
 */
export function clientsFor (facts) {
  const { url } = facts
  const headers = headersFor(facts)
  const withHeaders = headers.length === 0 ? {} : { headers: Object.fromEntries(headers.map(({ name, value }) => [name, value])) }
  const options = headers.map(({ name, value }) => ` --header "${name}: ${value}"`).join('')
  const cursor = { url, ...withHeaders }
  const code = { name: NAME, type: 'http', url, ...withHeaders }
  return [
    {
      name: 'Claude Code',
      where: facts.authMode === 'oauth' ? 'Run it in a terminal; then /mcp in Claude Code opens the login.' : 'Run it in a terminal.',
      snippet: `claude mcp add --transport http ${NAME} ${url}${options}`,
      link: null
    },
    {
      name: 'Claude Desktop',
      where: 'Put it into claude_desktop_config.json (Settings, Developer, Edit Config), and start Claude anew.',
      snippet: JSON.stringify({ mcpServers: { [NAME]: throughProxy(url, headers) } }, null, 2),
      link: null
    },
    {
      name: 'Cursor',
      where: 'Put it into ~/.cursor/mcp.json.',
      snippet: JSON.stringify({ mcpServers: { [NAME]: cursor } }, null, 2),
      link: `cursor://anysphere.cursor-deeplink/mcp/install?name=${NAME}&config=${encodeURIComponent(btoa(JSON.stringify(cursor)))}`
    },
    {
      name: 'VS Code',
      where: 'Run it in a terminal.',
      snippet: `code --add-mcp '${JSON.stringify(code)}'`,
      link: `vscode:mcp/install?${encodeURIComponent(JSON.stringify(code))}`
    },
    {
      name: 'MCP Inspector',
      where: 'Run it in a terminal: it lists the tools.',
      snippet: `npx @modelcontextprotocol/inspector --cli ${url} --transport http --method tools/list${options}`,
      link: null
    }
  ]
}

/**
 * What a person has to put in by hand; `null` when it's nothing.
 *
 * @param {ServerFacts} facts
 */
export function placesToFill (facts) {
  const places = headersFor(facts).map(({ value }) => value.replace('Bearer ', ''))
  return places.length === 0 ? null : `Put your own in the place of ${places.join(', ')}.`
}

/**
 * @param {ServerFacts} facts
 * @returns {Header[]}
 */
function headersFor ({ authMode, needsDustKey }) {
  return [
    ...(authMode === 'token' ? [{ name: 'Authorization', value: 'Bearer YOUR_TOKEN', variable: 'AUTHORIZATION' }] : []),
    ...(needsDustKey
      ? [
          { name: 'X-Dust-Api-Key', value: 'YOUR_DUST_API_KEY', variable: 'DUST_API_KEY' },
          { name: 'X-Dust-Workspace-Id', value: 'YOUR_WORKSPACE_ID', variable: 'DUST_WORKSPACE_ID' }
        ]
      : [])
  ]
}

/**
 * Claude Desktop speaks HTTP through a proxy. What has a space mustn't be an argument of it, since on Windows it breaks there.
 *
 * @param {string} url
 * @param {Header[]} headers
 * @see https://github.com/geelen/mcp-remote
 */
function throughProxy (url, headers) {
  const { protocol, hostname } = new URL(url)
  const isPlain = protocol === 'http:' && !['localhost', '127.0.0.1', '[::1]'].includes(hostname)
  const args = ['-y', 'mcp-remote', url, ...(isPlain ? ['--allow-http'] : []), ...headers.flatMap(({ name, variable }) => ['--header', `${name}:\${${variable}}`])]
  return { command: 'npx', args, ...(headers.length === 0 ? {} : { env: Object.fromEntries(headers.map(({ variable, value }) => [variable, value])) }) }
}
