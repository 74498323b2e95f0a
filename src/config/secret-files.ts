import { readFileSync } from 'node:fs'

type Words = Record<string, string | undefined>

/**
 * Puts secrets in the place of the files that `<NAME>_FILE` names, as container platforms mount them.
 *
 * @param names variables that may come from a file
 * @returns the words with the secrets, and a fault for each file that can't be read or isn't needed
 */
export function readSecretFiles (words: Words, names: readonly string[]): { words: Words, faults: string[] } {
  const faults: string[] = []
  const read: Words = {}
  for (const name of names) {
    const file = words[`${name}_FILE`]
    if (file === undefined) continue
    if (words[name] !== undefined) faults.push(`${name} and ${name}_FILE are both set; set one of them`)
    try {
      read[name] = readFileSync(file, 'utf8').trim()
    } catch (error) {
      faults.push(`${name}_FILE is ${JSON.stringify(file)}, which can't be read: ${Object(error).code ?? 'unknown error'}`)
    }
  }
  return { words: { ...words, ...read }, faults }
}
