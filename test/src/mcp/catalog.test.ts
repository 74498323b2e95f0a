import { Type } from '@sinclair/typebox'
import t from 'tap'
import { Catalog } from '../../../src/mcp/catalog.ts'
import { describeFaults } from '../../../src/mcp/catalog/schema.ts'

const input = Type.Object({ number: Type.Integer({ minimum: 1 }), unit: Type.String({ default: 'm' }) })

t.test('lists tools as clients see them', async (t) => {
  const catalog = new Catalog()
  catalog.addTool({ name: 'a', title: 'A', description: 'does a', input, annotations: { readOnlyHint: true } }, () => ({ text: 'a' }))
  t.same(JSON.parse(JSON.stringify(catalog.tools.page(undefined))), {
    items: [{ name: 'a', title: 'A', description: 'does a', inputSchema: JSON.parse(JSON.stringify(input)), annotations: { readOnlyHint: true } }]
  })
  catalog.addTool({ name: 'b', description: 'does b', input }, () => ({ text: 'b' }))
  t.equal(catalog.tools.page(undefined).items.length, 2)
  t.same(catalog.tools.names, ['a', 'b'])
})

t.test('a page stays the same until something changes', async (t) => {
  const catalog = new Catalog()
  for (let number = 0; number < 300; number++) catalog.addTool({ name: `tool-${number}`, description: '', input }, () => ({}))
  const first = catalog.tools.page(undefined)
  const { nextCursor } = first
  const second = catalog.tools.page(nextCursor)
  t.equal(catalog.tools.page(undefined), first)
  t.equal(catalog.tools.page(nextCursor), second)
  t.equal(second.items.length, 50)
  catalog.tools.remove('tool-299')
  t.equal(catalog.tools.page(nextCursor).items.length, 49)
  t.not(catalog.tools.page(undefined), first)
  const elsewhere = Buffer.from('tool-7').toString('base64url')
  t.not(catalog.tools.page(elsewhere), catalog.tools.page(elsewhere), 'nobody can fill the memory with pages that begin anywhere')
})

t.test('tells of each change, or once of several', async (t) => {
  const told: string[] = []
  const catalog = new Catalog((kind) => { told.push(kind) })
  const add = (name: string): void => { catalog.addTool({ name, description: '', input }, () => ({})) }
  add('a')
  add('b')
  t.same(told.splice(0), ['tools', 'tools'])
  const several = (kinds: ReadonlySet<string>): void => { told.push(...kinds) }
  catalog.change(() => {
    catalog.tools.remove('a')
    add('c')
    catalog.addPrompt({ name: 'p' }, () => '')
  }, several)
  t.same(told.splice(0), ['tools', 'prompts'])
  t.throws(() => {
    catalog.change(() => {
      add('d')
      add('d')
    }, several)
  }, { code: 'CATALOG_INVALID' })
  t.same(told.splice(0), ['tools'], 'also when the work broke off')
  catalog.change(() => {}, several)
  t.same(told.splice(0), [])
  add('e')
  t.same(told, ['tools'])
})

t.test('asks why a tool is not there, which may come meanwhile', async (t) => {
  const catalog = new Catalog()
  t.equal(await catalog.findTool('late'), undefined)
  catalog.addExplanation(async (name) => {
    if (name === 'late') catalog.addTool({ name, description: '', input }, () => ({}))
    return name === 'gone' ? 'It was here yesterday.' : undefined
  })
  t.match(await catalog.findTool('late'), { listed: { name: 'late' } })
  t.equal(await catalog.findTool('gone'), 'It was here yesterday.')
  t.equal(await catalog.findTool('never'), undefined)
})

t.test('refuses a name that is taken or not allowed', async (t) => {
  const catalog = new Catalog()
  const add = (name: string) => { catalog.addTool({ name, description: '', input }, () => ({})) }
  add('fine-Name_1.x')
  for (const name of ['fine-Name_1.x', '', 'with space', 'ü', 'x'.repeat(129)]) t.throws(() => { add(name) }, { code: 'CATALOG_INVALID' }, name)
})

t.test('refuses a schema that can not be compiled', async (t) => {
  const broken = Type.Object({ a: Type.Unsafe({ $ref: '#/nowhere' }) })
  t.throws(() => { new Catalog().addTool({ name: 'a', description: '', input: broken }, () => ({})) }, { code: 'CATALOG_INVALID', message: /schema of tool "a"/ })
})

t.test('checks arguments, fills in defaults and knows formats', async (t) => {
  const catalog = new Catalog()
  catalog.addTool({ name: 'a', description: '', input: Type.Object({ ...input.properties, at: Type.Optional(Type.String({ format: 'date-time' })) }) }, () => ({}))
  const tool = catalog.tools.get('a')
  if (tool === undefined) throw new Error('not registered')
  const args = { number: 3 }
  t.equal(tool.checkInput(args), true)
  t.same(args, { number: 3, unit: 'm' })
  t.equal(tool.checkInput({ number: 'secret', at: 'yesterday' }), false)
  const faults = describeFaults(tool.checkInput)
  t.match(faults, /number must be integer/)
  t.notMatch(faults, /secret/, 'values are not repeated')
  t.equal(tool.checkInput({ number: 1, at: 'yesterday' }), false)
  t.match(describeFaults(tool.checkInput), /at must match format/)
})
