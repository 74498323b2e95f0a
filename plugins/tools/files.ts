import { Type } from '@sinclair/typebox'
import fp from 'fastify-plugin'
import { ToolError } from '../../src/mcp/operation.ts'
import { uriOfFile } from '../../src/resource-uris.ts'

const LIMITS = 'Dust takes text, code, CSV, JSON, XML, YAML, PDF, office documents, images (up to 5 MB) and audio (up to 25 MB); anything else up to 50 MB.'

/** Base64 makes three bytes into four letters; the rest of a request is small. */
const BYTES_OF_BASE64 = 0.75

/** The tool that gives a file to Dust. */
export default fp(async ({ config, conversations, dust, mcp }) => {
  if (!config.tools.has('files')) return
  const largestMegabytes = Math.floor(config.server.bodyLimitBytes * BYTES_OF_BASE64 / 1024 ** 2 * 10) / 10

  mcp.addTool({
    name: 'dust_upload_file',
    title: 'Upload a file to Dust',
    description: 'Uploads a file to the Dust workspace, from text or from bytes in base64, so that an agent can read it: pass the fileId in the attachments of dust_ask_agent. ' +
      `${LIMITS} In one call this server takes about ${largestMegabytes} MB. A short text needs no upload: dust_ask_agent takes it as an attachment.`,
    input: Type.Object({
      name: Type.String({ minLength: 1, maxLength: 255, description: 'Name of the file with its extension, such as sales.csv.' }),
      contentType: Type.String({ pattern: '^[\\w.+-]+/[\\w.+-]+(\\s*;.*)?$', maxLength: 255, description: 'Its type, such as text/csv or image/png.' }),
      text: Type.Optional(Type.String({ description: 'What is in it. Either this or base64.' })),
      base64: Type.Optional(Type.String({ description: 'The bytes of it in base64. Either this or text.' })),
      conversationId: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'The conversation that it is for, if it exists already.' }))
    }, { additionalProperties: false }),
    output: Type.Object({
      fileId: Type.String({ description: 'What dust_ask_agent takes in attachments.' }),
      uri: Type.String({ description: 'The resource to read it as.' }),
      name: Type.String(),
      contentType: Type.String(),
      sizeBytes: Type.Integer()
    }),
    // A second upload only makes a second file, which nobody knows of.
    replayable: true,
    annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true }
  }, async ({ name, contentType, text, base64, conversationId }, operation) => {
    const bytes = toBytes(text, base64)
    const conversation = conversationId === undefined ? {} : { conversationId: await conversations.mask(operation.caller, conversationId) }
    const file = await dust.for(operation).uploadFile({ fileName: name, contentType, bytes, ...conversation }, operation.signal)
    const uri = uriOfFile({ fileId: file.sId })
    return {
      text: `Uploaded ${file.fileName} (${file.contentType}, ${file.fileSize} bytes): fileId ${file.sId}`,
      structured: { fileId: file.sId, uri, name: file.fileName, contentType: file.contentType, sizeBytes: file.fileSize },
      content: [{ type: 'resource_link', name: file.fileName, uri, mimeType: file.contentType, size: file.fileSize }]
    }
  })
}, { name: 'tools-files', dependencies: ['config', 'conversations', 'dust', 'mcp'] })

/** @throws {ToolError} unless there is exactly one of them, and bytes can be made of it */
function toBytes (text: string | undefined, base64: string | undefined): Buffer {
  if ((text === undefined) === (base64 === undefined)) throw new ToolError('A file needs either text or base64: pass exactly one of them.')
  if (text !== undefined) return Buffer.from(text)
  const letters = (base64 ?? '').replaceAll(/\s+/g, '')
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(letters) || letters.length % 4 !== 0) throw new ToolError('base64 is not valid: it may have letters, digits, + and /, and must be padded with = to a multiple of four. Nothing was sent.')
  return Buffer.from(letters, 'base64')
}
