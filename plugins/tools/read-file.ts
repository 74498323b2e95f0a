import { Type } from '@sinclair/typebox'
import type { ContentBlock } from '@modelcontextprotocol/sdk/types.js'
import fp from 'fastify-plugin'
import type { FileContent } from '../../src/dust/client.ts'
import { ToolError } from '../../src/mcp/operation.ts'
import { sourceOfUri } from '../../src/resource-uris.ts'
import { readFile, textIn } from '../conversations/read-file.ts'

/** As much as a model reads at once. */
const USUAL_CHARACTERS = 50_000

/** The tool that reads a file, for the many clients whose models can't read resources. */
export default fp(async (fastify) => {
  const { config, mcp } = fastify
  if (!config.tools.has('files')) return

  mcp.addTool({
    name: 'dust_read_file',
    title: 'Read a file in Dust',
    description: 'Reads a file that an agent made or that was uploaded, by its uri as dust_ask_agent, dust_get_conversation and dust_upload_file return it. ' +
      'A text comes in pieces; pictures and sound are shown as such, anything else comes as an embedded resource. At most 10 MB.',
    input: Type.Object({
      uri: Type.String({ minLength: 1, maxLength: 8192, description: 'Such as dust://files/fil_abc.' }),
      offset: Type.Optional(Type.Integer({ minimum: 0, default: 0, description: 'Of a text: at which character to begin.' })),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000, default: USUAL_CHARACTERS, description: 'Of a text: how many characters at most.' }))
    }, { additionalProperties: false }),
    output: Type.Object({
      uri: Type.String(),
      contentType: Type.String(),
      sizeBytes: Type.Integer(),
      nextOffset: Type.Optional(Type.Integer({ description: 'There is more of the text: pass it as offset.' }))
    }),
    annotations: { readOnlyHint: true, openWorldHint: true }
  }, async ({ uri, offset = 0, limit = USUAL_CHARACTERS }, operation) => {
    const source = sourceOfUri(uri)
    if (source === null) throw new ToolError('That is no uri of a file: it begins with dust://files/, or with dust://conversations/ and has /files/ in it.')
    const file = await readFile(fastify, operation, source)
    const told = { uri, contentType: file.contentType, sizeBytes: file.bytes.length }
    const text = textIn(file)
    if (text === null) return { structured: told, content: [toBlock(uri, file)] }
    const end = endOfPiece(text, offset + limit)
    return {
      text: text.slice(offset, end) + (end < text.length ? `\n\n[There is more: offset ${end} of ${text.length}]` : ''),
      structured: { ...told, ...(end < text.length ? { nextOffset: end } : {}) }
    }
  })
}, { name: 'tools-read-file', dependencies: ['config', 'conversations', 'dust', 'mcp'] })

/** A sign that takes two characters stays whole. */
function endOfPiece (text: string, end: number): number {
  return /[\uD800-\uDBFF]$/.test(text.slice(end - 1, end)) ? end + 1 : end
}

function toBlock (uri: string, { contentType, bytes }: FileContent): ContentBlock {
  const data = bytes.toString('base64')
  if (contentType.startsWith('image/')) return { type: 'image', data, mimeType: contentType }
  if (contentType.startsWith('audio/')) return { type: 'audio', data, mimeType: contentType }
  return { type: 'resource', resource: { uri, mimeType: contentType, blob: data } }
}
