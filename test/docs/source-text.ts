import { filesBelow, readFile } from '../fixtures/markdown.ts'

let text: string | undefined

/** All that the server may say: its sources, without what quotes need in them. */
export function sourceText (): string {
  text ??= [...filesBelow('src'), ...filesBelow('plugins'), ...filesBelow('routes')]
    .filter((file) => file.endsWith('.ts') && !file.startsWith('src/emulator/'))
    .map(readFile).join('\n').replaceAll('\\\'', '\'')
  return text
}
