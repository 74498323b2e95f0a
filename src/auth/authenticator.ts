import type { ChallengeHints } from './challenge.ts'
import type { RefusalReason } from './refusal.ts'

/** A way to find out who asks: there is one for each AUTH_MODE. */
export interface Authenticator {
  /** Why it may refuse a request. */
  readonly reasons: readonly RefusalReason[]
  readonly hints: ChallengeHints
  /**
   * @param authorization the header of a request
   * @returns the name of the caller, fit for logs
   * @throws {CredentialRefused}
   */
  identify (authorization: string | undefined): Promise<string>
  /** Reads anew who may come in, where that is in a file; gives their names. When it throws, nothing has changed. */
  reload?: () => Promise<string[]>
  /** A health check: throws while it doesn't know what it has to know. */
  check?: () => Promise<void>
  /** Ends what is under way. */
  close?: () => void
}

/** Whoever asks may. */
export const anybody: Authenticator = {
  reasons: [],
  hints: {},
  identify: async () => ANONYMOUS
}

/** The name of everybody where nobody has to say theirs. */
export const ANONYMOUS = 'anonymous'
