import { closest, distance } from 'fastest-levenshtein'
import type { Config } from '../../config.ts'
import { environmentSchema } from '../../config/environment.ts'
import { storeKindOf } from '../../store/open.ts'
import type { ReadEnvironment } from '../environment.ts'
import { note, ok, type Finding } from '../finding.ts'

/** How many letters may be wrong for a name to be taken for a mistyped one. */
const TYPING_ERRORS = 2

/** What there is to say of settings that are right. */
export function checkSettings (environment: ReadEnvironment, config: Config): Finding[] {
  const names = Object.keys(environmentSchema.properties)
  const given = names.filter((name) => environment.variables[name]?.trim())
  const inFile = given.filter((name) => environment.fromFile.has(name))
  return [ok(`${given.length} of ${names.length} settings are set, ${inFile.length} of them in .env; all are right`), ...checkNames(environment), ...apart(config)]
}

/** Names in `.env` that may be mistyped. Plugins may have settings of their own in the file, so a strange name needn't be wrong. */
export function checkNames ({ fromFile }: ReadEnvironment): Finding[] {
  const names = Object.keys(environmentSchema.properties)
  return [...fromFile].filter((name) => !names.includes(name)).flatMap((name) => {
    const nearest = closest(name, names)
    return distance(name, nearest) <= TYPING_ERRORS ? [note(`.env sets ${name}, which the server doesn't read; ${nearest} may be meant`)] : []
  })
}

function apart ({ sessions: { storeUrl, requestStateKey } }: Config): Finding[] {
  const hasReplicas = storeKindOf(storeUrl) === 'redis'
  return hasReplicas && requestStateKey === null ? [note('STORE_URL is a Redis, but REQUEST_STATE_KEY is not set; replicas need the same one, and each would make its own')] : []
}
