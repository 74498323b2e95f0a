import t from 'tap'
import type { Tale } from './tale.ts'
import { compare } from './verdict.ts'

const told: Tale = [
  { kind: 'step', text: 'Calling search' },
  { kind: 'text', draft: 0, text: 'One two three. ' },
  { kind: 'step', text: 'Searched' },
  { kind: 'text', draft: 1, text: 'Four five six.' }
]
const [calling, first, searched, last] = told

t.test('what is the same is right', (t) => {
  t.same(compare(told, structuredClone(told)), [])
  t.end()
})

for (const [name, seen, kinds] of [
  ['a piece of a text that never came', [calling, first, searched, { kind: 'text', draft: 1, text: 'Four six.' }], ['missing']],
  ['a piece of a text that came twice', [calling, { kind: 'text', draft: 0, text: 'One two two three. ' }, searched, last], ['doubled']],
  ['pieces of a text that changed places', [calling, { kind: 'text', draft: 0, text: 'One three two. ' }, searched, last], ['reordered']],
  ['a text in another draft', [calling, first, searched, { kind: 'text', draft: 2, text: 'Four five six.' }], ['missing', 'doubled']],
  ['a step that never came', [calling, first, last], ['missing']],
  ['a step that came twice', [calling, calling, first, searched, last], ['doubled']],
  ['a step before the text that it followed', [calling, searched, first, last], ['reordered']],
  ['nothing at all', [], ['missing', 'missing', 'missing']]
] as Array<[string, Tale, string[]]>) {
  t.test(`${name}: ${kinds.join(', ')}`, (t) => {
    t.same(compare(told, seen).map(({ kind }) => kind), kinds)
    t.end()
  })
}
