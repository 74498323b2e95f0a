/** What a check found, fit for a terminal: in a line, without any secret. */
export interface Finding {
  /** `note` is worth a look, and `off` what doesn't apply here; neither is a fault. */
  status: 'ok' | 'wrong' | 'note' | 'off'
  words: string
}

export const ok = (words: string): Finding => ({ status: 'ok', words })
export const wrong = (words: string): Finding => ({ status: 'wrong', words })
export const note = (words: string): Finding => ({ status: 'note', words })
export const off = (words: string): Finding => ({ status: 'off', words })

/** @returns what an error says, in a line */
export function wordsOf (error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replaceAll(/\s*\n\s*/g, ' ')
}
