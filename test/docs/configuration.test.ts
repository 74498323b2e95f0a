import { envSchema } from 'env-schema'
import t from 'tap'
import { createFiles } from '../../docs/source/files.ts'
import { settingGroups } from '../../docs/source/settings.ts'
import { createEnvironmentAjv, environmentSchema } from '../../src/config/environment.ts'
import { readFile } from '../fixtures/markdown.ts'

const groups = settingGroups()
const settings = groups.flatMap((group) => group.settings)

t.test('the committed files are those that npm run docs:generate writes', async (t) => {
  for (const [file, content] of createFiles()) t.equal(readFile(file), content, `${file}: npm run docs:generate`)
})

t.test('each variable is in a group, with an example that is allowed', async (t) => {
  t.same(settings.map(({ name }) => name), Object.keys(environmentSchema.properties))
  t.equal(new Set(groups.map(({ title }) => title)).size, groups.length)
  for (const [name, { examples }] of Object.entries(environmentSchema.properties) as Array<[string, { examples?: string[] }]>) {
    for (const example of examples ?? []) {
      t.doesNotThrow(() => { envSchema({ schema: environmentSchema, data: { [name]: example }, env: false, ajv: createEnvironmentAjv() }) }, `${name}=${example}`)
    }
  }
})

t.test('what is told of a default is told of each', async (t) => {
  for (const { name, fallback, allowed, example, description } of settings) {
    t.match(description, /^[A-Z`].*\.$/, name)
    t.not(example, fallback, `the example of ${name} is no default`)
    t.not(allowed, 'a text', `${name} says what it must be`)
  }
})

t.test('.env.example sets nothing but defaults', async (t) => {
  const lines = readFile('.env.example').split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  t.same(lines, settings.map(({ name, fallback }) => `${name}=${fallback ?? ''}`))
})
