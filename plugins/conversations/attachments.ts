import { Type, type Static } from '@sinclair/typebox'
import type { Attachment } from '../../src/dust/client.ts'
import { ToolError } from '../../src/mcp/operation.ts'

const id = (description: string) => Type.String({ minLength: 1, maxLength: 200, description })

/** What is given to an agent besides the question. One flat object: many clients' models can't choose between several shapes. */
export const AttachmentInput = Type.Object({
  title: Type.String({ minLength: 1, maxLength: 255, description: 'What the agent sees as its name.' }),
  text: Type.Optional(Type.String({ minLength: 1, description: 'A text of at most 512 kB. A longer one must be uploaded with dust_upload_file.' })),
  fileId: Type.Optional(id('A file, as returned by dust_upload_file.')),
  nodeId: Type.Optional(id('A document, table or folder of the workspace, as returned by dust_search_nodes; needs dataSourceViewId, too.')),
  dataSourceViewId: Type.Optional(id('The view in which the node is seen.'))
}, { additionalProperties: false })

/** @throws {ToolError} unless it is exactly one of a text, a file and a node */
export function toAttachment ({ title, text, fileId, nodeId, dataSourceViewId }: Static<typeof AttachmentInput>): Attachment {
  const isNode = nodeId !== undefined && dataSourceViewId !== undefined
  const isOne = [text, fileId, nodeId ?? dataSourceViewId].filter((given) => given !== undefined).length === 1
  if (isOne && text !== undefined) return { title, content: text, contentType: 'text/plain' }
  if (isOne && fileId !== undefined) return { title, fileId }
  if (isOne && isNode) return { title, nodeId, nodeDataSourceViewId: dataSourceViewId }
  throw new ToolError('Each attachment needs exactly one of text, fileId, or nodeId with dataSourceViewId. Nothing was sent.')
}
