/**
 * The words of the agents in this bench. Each piece says which it is and when it was said; the last one says that there is no more.
 *
 * @returns milliseconds since the epoch, that never go back within a process
 */
export function now (): number {
  return performance.timeOrigin + performance.now()
}

const WORDS = 'and so it goes on for a while'

/** What a run is asked for. */
export interface Wanted {
  pieces: number
  everyMs: number
}

export function toPrompt ({ pieces, everyMs }: Wanted): string {
  return `${pieces} pieces, one each ${everyMs} ms`
}

export function parsePrompt (prompt: string): Wanted {
  const [, pieces, everyMs] = /^(\d+) pieces, one each (\d+) ms$/.exec(prompt) ?? []
  return { pieces: Number(pieces), everyMs: Number(everyMs) }
}

export function toPiece (number: number | 'end'): string {
  return `${number}@${now().toFixed(2)}: ${WORDS}. `
}

export interface Piece {
  number: string
  saidAt: number
}

/** The pieces of a text, which must have nothing else. */
export function parsePieces (text: string): Piece[] {
  const pieces = [...text.matchAll(new RegExp(`(\\w+)@([\\d.]+): ${WORDS}\\. ?`, 'g'))]
  if (pieces.map(([whole]) => whole).join('').trim() !== text.trim()) throw new Error(`Something else was said: ${text.slice(0, 200)}`)
  return pieces.map(([, number = '', saidAt]) => ({ number, saidAt: Number(saidAt) }))
}
