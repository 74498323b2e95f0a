import fp from 'fastify-plugin'
import type { FileContent, FileSource } from '../../src/dust/client.ts'
import { orNull } from '../../src/dust/or-null.ts'
import type { ResourceContent } from '../../src/mcp/catalog/resources.ts'
import type { Operation } from '../../src/mcp/operation.ts'
import { FILE_URI, FOLDER_FILE_URI } from '../../src/resource-uris.ts'
import { readFile, textIn } from '../conversations/read-file.ts'

/** Files to read: those that were uploaded, and those that agents made. */
export default fp(async (fastify) => {
  const { config, mcp } = fastify
  // What agents make is a part of their answers.
  if (!config.tools.has('files') && !config.tools.has('agents') && !config.tools.has('conversations')) return
  const read = (source: FileSource, operation: Operation): Promise<ResourceContent | null> =>
    orNull(async () => toContent(await readFile(fastify, operation, source)))

  mcp.addResourceTemplate({
    uriTemplate: FILE_URI,
    name: 'file',
    title: 'File in Dust',
    description: 'A file that was uploaded, or that an agent made: as text where it is one, else byte for byte. At most 10 MB.'
  }, ({ id = '' }, operation) => read({ fileId: id }, operation))

  mcp.addResourceTemplate({
    uriTemplate: FOLDER_FILE_URI,
    name: 'conversation-file',
    title: 'File in the folder of a Dust conversation',
    description: 'A file that an agent keeps in the folder of a conversation: as text where it is one, else byte for byte. At most 10 MB.'
  }, ({ id = '', path = '' }, operation) => read({ conversationId: id, filePath: path }, operation))
}, { name: 'resources-files', dependencies: ['config', 'conversations', 'dust', 'mcp'] })

function toContent (file: FileContent): ResourceContent {
  const text = textIn(file)
  return text === null ? { blob: file.bytes, mimeType: file.contentType } : { text, mimeType: file.contentType }
}
