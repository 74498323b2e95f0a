import { DustError } from './errors.ts'
import type { Requester } from './request.ts'

/** Asks Dust whether the workspace exists and the key opens it. Older servers don't know `/exists`; for them a small list does. */
export async function checkWorkspace (requester: Requester, signal?: AbortSignal): Promise<void> {
  try {
    await requester.json({ operation: 'check_workspace', method: 'GET', path: ['exists'], signal })
  } catch (error) {
    // An unknown path is answered in plain text, without a type; an unknown workspace has one.
    const isUnknownPath = error instanceof DustError && error.status === 404 && error.type === null
    if (!isUnknownPath) throw error
    await requester.json({ operation: 'check_workspace', method: 'GET', path: ['spaces'], signal })
  }
}
