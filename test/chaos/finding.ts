/**
 * What may not happen to a call: it never ends (lost), a piece of its progress never comes (missing), something comes twice (doubled)
 * or in the wrong place (reordered), or it is not the agent's answer to this question (wrong).
 */
export const FAILURES = ['lost', 'missing', 'doubled', 'reordered', 'wrong'] as const

export interface Finding {
  kind: typeof FAILURES[number]
  words: string
}
