/** In the place of what must not be shown. */
export const HIDDEN = '(hidden)'

/**
 * The words of a setting that is no secret by itself, fit for a terminal: without what people put there although it belongs elsewhere,
 * such as user, password and query of an address, or the key of a workspace where its id should be.
 */
export function hideCredentials (words: string): string {
  return words
    .replaceAll(/:\/\/[^\s,]*@/g, `://${HIDDEN}@`)
    .replaceAll(/(:\/\/[^\s,?]*\?)[^\s,]+/g, `$1${HIDDEN}`)
    .replaceAll(/\bsk-[\w-]+/g, HIDDEN)
}
