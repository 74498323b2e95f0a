import neostandard from 'neostandard'

/** Arrows point one way: what a folder may not import. */
function keepOut (files, patterns, message) {
  return { files, rules: { 'no-restricted-imports': ['error', { patterns: [{ regex: patterns, message }] }] } }
}

export default [
  ...neostandard({ ts: true, ignores: ['dist/**', '.tap/**'] }),
  // What runs in browsers: the compiler knows what is there. uPlot is called so.
  { files: ['status-page/**'], rules: { 'no-undef': 'off', 'new-cap': ['error', { newIsCapExceptions: ['uPlot'] }] } },
  keepOut(['src/mcp/**'], 'fastify|/dust/|/emulator/|/plugins/|/routes/', 'The protocol knows neither Fastify nor Dust.'),
  keepOut(['src/dust/**'], 'fastify|modelcontextprotocol|/mcp/|/store/|/emulator/|/plugins/|/routes/', 'The Dust client knows neither Fastify nor MCP.'),
  keepOut(['src/store/**'], 'fastify|modelcontextprotocol|/mcp/|/dust/|/emulator/|/plugins/|/routes/', 'The stores know nothing of what they keep.'),
  keepOut(['src/emulator/**'], 'modelcontextprotocol|/mcp/|/store/|/plugins/|/routes/(?!\\w+(-\\w+)*\\.ts$)', 'The emulator is the other side: it shares nothing but wire types.'),
  keepOut(['plugins/**'], '/routes/', 'Routes come after plugins.')
]
