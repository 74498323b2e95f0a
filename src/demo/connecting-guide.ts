/** How to connect the usual MCP clients to the server at this address. */
export function connectingGuide (address: string, emulatorAddress: string): string {
  const url = new URL('/mcp', address).href
  return `
The server runs on at ${url} - connect your own client:

  Claude Code     claude mcp add --transport http dust ${url}
  Claude Desktop  in claude_desktop_config.json:
                  {"mcpServers": {"dust": {"command": "npx", "args": ["mcp-remote", "${url}"]}}}
  Cursor          in ~/.cursor/mcp.json:
                  {"mcpServers": {"dust": {"url": "${url}"}}}
  VS Code         code --add-mcp '{"name": "dust", "type": "http", "url": "${url}"}'
  MCP Inspector   npx @modelcontextprotocol/inspector --cli ${url} --transport http --method tools/list

The Dust workspace behind it is emulated at ${emulatorAddress}/_emulator. Ctrl-C ends both.
`
}
