import { DustError, unexpectedAnswerError } from './errors.ts'
import { toObject } from './json.ts'
import { readContentFragment } from './read-conversation.ts'
import type { Requester } from './request.ts'
import type { ContentFragment } from './types.ts'

/** What an agent is given to read besides the question: a text, an uploaded file, or a node of a data source view. */
export type Attachment =
  | { title: string, content: string, contentType: string, url?: string }
  | { title: string, fileId: string, url?: string }
  | { title: string, nodeId: string, nodeDataSourceViewId: string }

const largestText = 512 * 1024

/** Attaches to a conversation. Sent once: a second time would be a second attachment. */
export async function attach (requester: Requester, conversationId: string, attachment: Attachment, signal?: AbortSignal): Promise<ContentFragment> {
  checkAttachment(attachment)
  const answer = await requester.json({
    operation: 'attach_content',
    method: 'POST',
    path: ['assistant', 'conversations', conversationId, 'content_fragments'],
    body: attachment,
    secrets: secretsOf(attachment),
    signal
  })
  const fragment = readContentFragment(toObject(answer).contentFragment)
  if (fragment === null) throw unexpectedAnswerError('attach_content', 'the attachment')
  return fragment
}

/** Throws a DustError, before anything is sent, for a text that Dust would refuse. */
export function checkAttachment (attachment: Attachment): void {
  const size = 'content' in attachment ? Buffer.byteLength(attachment.content) : 0
  if (size <= largestText) return
  throw new DustError({
    operation: 'attach_content',
    kind: 'bad_request',
    type: 'content_too_large',
    wasSent: false,
    message: `The text has ${size} bytes, and at most ${largestText} can be attached: upload it as a file instead.`
  })
}

/** What of an attachment must not come back in an error. */
export function secretsOf (attachment: Attachment): string[] {
  return 'content' in attachment ? [attachment.title, attachment.content] : [attachment.title]
}
