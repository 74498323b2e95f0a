import { DustError } from './errors.ts'

/** What is read from Dust, or `null` where there is no such thing: what readers of resources say then. */
export async function orNull<Value> (read: () => Promise<Value>): Promise<Value | null> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof DustError && error.kind === 'not_found') return null
    throw error
  }
}
