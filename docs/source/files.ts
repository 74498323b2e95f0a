import { configurationPage } from './configuration.ts'
import { envExample } from './env-example.ts'

/** Every generated file, by its path in the repository. */
export function createFiles (): Map<string, string> {
  return new Map([
    ['docs/configuration.md', configurationPage()],
    ['.env.example', envExample()]
  ])
}
