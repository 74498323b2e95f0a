/** Long enough that nobody has it by chance, and no name of a token does. */
const KEYED = /#[\w-]{22}$/

/**
 * Who a caller is that brings a key of their own: the same name with another key is somebody else, and so is the same key under
 * another name.
 *
 * @param fingerprint 22 letters, digits, - and _
 */
export function keyedCaller (name: string, fingerprint: string): string {
  return `${name}#${fingerprint}`
}

/** Who a caller is without the key. */
export function nameOf (caller: string): string {
  return caller.replace(KEYED, '')
}

/** Whether only somebody with a key of their own can be this caller. */
export function isKeyedCaller (caller: string): boolean {
  return KEYED.test(caller)
}
