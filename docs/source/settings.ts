import { allowedValues } from '../../src/config.ts'
import { environmentSchema } from '../../src/config/environment.ts'

export interface Setting {
  name: string
  /** As it would be written; `null` when there is none. */
  fallback: string | null
  /** What counts while it isn't set, where that is no default. */
  unset: string
  /** What it must be. */
  allowed: string
  example: string
  /** In Markdown. */
  description: string
  /** Page of docs/ that says more. */
  see: string | null
}

export interface Group {
  title: string
  settings: Setting[]
}

/** What the schema tells of every variable, in its order. */
export function settingGroups (): Group[] {
  const groups: Group[] = []
  for (const [name, schema] of Object.entries(environmentSchema.properties)) {
    const { begins, default: fallback, unset, examples, description, see }: Record<string, unknown> = schema
    if (typeof begins === 'string') groups.push({ title: begins, settings: [] })
    const [example] = Array.isArray(examples) ? examples : []
    groups.at(-1)?.settings.push({
      name,
      fallback: fallback === undefined ? null : String(fallback),
      unset: typeof unset === 'string' ? unset : 'none',
      allowed: allowedValues(name),
      example: String(example),
      description: String(description),
      see: typeof see === 'string' ? see : null
    })
  }
  return groups
}
