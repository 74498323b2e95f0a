import { createHash } from 'node:crypto'

/** Headers by which a caller brings a key and the workspace that it opens, as Node writes them. */
export const KEY_HEADER = 'x-dust-api-key'
export const WORKSPACE_HEADER = 'x-dust-workspace-id'

/** As Dust itself reads them; the lengths are far above what it gives out. */
const KEY = /^sk-[A-Za-z0-9]{1,200}$/
const WORKSPACE = /^[A-Za-z0-9_-]{1,100}$/

/** Two keys never have the same one by chance, and from it nobody finds the key. */
const FINGERPRINT_BYTES = 16

/**
 * A key of Dust, and the workspace that it opens, as somebody has brought them. Whatever logs, prints, copies or serialises it
 * sees the fingerprint only.
 */
export class DustCredential {
  /** Stands for key and workspace wherever callers are told apart, the same in every process. */
  readonly fingerprint: string
  readonly #apiKey: string
  readonly #workspaceId: string

  private constructor (apiKey: string, workspaceId: string) {
    this.#apiKey = apiKey
    this.#workspaceId = workspaceId
    this.fingerprint = createHash('sha256').update(JSON.stringify(['mcp-dust-server', workspaceId, apiKey])).digest().subarray(0, FINGERPRINT_BYTES).toString('base64url')
  }

  /** @returns what is wrong with the words, in words without them, when they can't be a key and a workspace */
  static read (apiKey: string, workspaceId: string): DustCredential | string {
    if (!KEY.test(apiKey)) return `${KEY_HEADER} must be one API key of Dust: "sk-" and letters or digits, nothing else`
    if (!WORKSPACE.test(workspaceId)) return `${WORKSPACE_HEADER} must be one id as in the workspace's address, https://dust.tt/w/<id>`
    return new DustCredential(apiKey, workspaceId)
  }

  /** For whoever speaks with Dust. Never into a log, a store or an error. */
  reveal (): { apiKey: string, workspaceId: string } {
    return { apiKey: this.#apiKey, workspaceId: this.#workspaceId }
  }
}
