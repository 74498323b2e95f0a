import { quote, recall, subject } from './phrases.ts'
import type { Behaviour } from '../run/turn.ts'

/** Answers in a sentence or two, in about a second. */
export const answerQuickly: Behaviour = async (turn) => {
  const opening = turn.random.pick(['Short answer:', 'Sure.', 'Happy to help.', 'Here you go.'])
  const verdict = turn.random.pick([
    'start small, measure, and keep what works.',
    'yes, with one condition: write down who owns it.',
    'it depends on how often it happens, so count it for a week first.',
    'the simplest version that people already understand is the right one.'
  ])
  const content = `${opening} ${recall(turn)}You asked ${quote(turn.prompt)}. On ${subject(turn.prompt)}: ${verdict}`
  await turn.pause(150)
  await turn.say(content, { wordsPerEvent: 2, eventMs: 40 })
  return { kind: 'success', content }
}

/** Thinks first, then writes an essay: about 20 seconds and some hundred events. */
export const answerAtLength: Behaviour = async (turn) => {
  const topic = subject(turn.prompt)
  await turn.think(`The person asks ${quote(turn.prompt)}. I should define ${topic}, weigh both sides, and close with something they can do. ` +
    'A list would be too dry here, so six short paragraphs. Let me check that each one says something the others do not.')
  const angles = ['history', 'cost', 'people', 'risk', 'craft', 'time']
  const offset = turn.random.integer(0, 11)
  const paragraphs = angles.map((angle, index) => {
    const claims = [
      `Seen from the side of ${angle}, ${topic} is less a thing than a habit, and habits are built slowly and lost in a week.`,
      `Where ${angle} is concerned, most mistakes about ${topic} are made early and noticed late, which is why they are so expensive.`,
      `What ${angle} teaches about ${topic} is modest: do less of it, do it on purpose, and write down why.`
    ]
    const supports = [
      'Teams that last tend to agree on this without ever having discussed it.',
      'The evidence is thinner than the opinions, but it points the same way.',
      'An example says it best: the smallest version that worked was also the one nobody had to explain.',
      'None of this is new, and none of it is obvious on the day it matters.'
    ]
    return `${claims[(index + offset) % claims.length]} ${supports[(index + offset) % supports.length]}`
  })
  const content = `${recall(turn)}You asked ${quote(turn.prompt)}. Let me take it slowly.\n\n${paragraphs.join('\n\n')}\n\nIn one line: ${topic} rewards those who come back to it.`
  await turn.pause(800)
  await turn.say(content, { wordsPerEvent: 1, eventMs: 68 })
  return { kind: 'success', content }
}

const chapterBytes = 210_000

/** At least 200 kB of text in many alphabets, for whoever wants to see their buffers at work. */
export const answerWithABook: Behaviour = async (turn) => {
  const topic = subject(turn.prompt)
  const sentences = [
    `Der Weg zu ${topic} führt über schöne, große Brücken.`,
    `${topic}は、静かな朝に始まりました。`,
    `Никто не спросил, что такое ${topic}, и напрасно.`,
    `«${topic}», murmura-t-elle, en regardant la mer où dansaient les bateaux.`,
    `And then 🚀 ${topic} rose over the hills, and the 👩‍🔬 wrote it all down.`,
    `كان ${topic} في كل مكان.`,
    `Nobody at the harbour had expected ${topic}, least of all the harbour master.`
  ] as const
  const chapters: string[] = [`${recall(turn)}You asked ${quote(turn.prompt)}. Here is the whole story.`]
  let bytes = Buffer.byteLength(chapters.join(''))
  while (bytes < chapterBytes) {
    const paragraph = Array.from({ length: 12 }, () => turn.random.pick(sentences)).join(' ')
    const chapter = `## Chapter ${chapters.length}\n\n${paragraph}`
    chapters.push(chapter)
    bytes += Buffer.byteLength(chapter)
  }
  const content = chapters.join('\n\n')
  await turn.say(content, { wordsPerEvent: 40, eventMs: 10 })
  return { kind: 'success', content }
}

const lines = 20_000

/**
 * More than 1 MB in 20000 pieces, in about a quarter of an hour, with a tool in between that says nothing for three minutes.
 * Every line has its number and eight words, so that one that is lost is missed.
 */
export const answerForAQuarterOfAnHour: Behaviour = async (turn) => {
  await turn.say(`${recall(turn)}This will take a while: ${quote(turn.prompt)}. `)
  await turn.useTool({
    server: 'archive',
    tool: 'read_everything',
    params: { query: turn.prompt },
    labels: { running: 'Reading everything', done: 'Read everything' },
    notifications: [],
    durationMs: 180_000,
    output: 'It was a lot.'
  })
  turn.nextStep()
  const sentences = [
    'lanterns swayed above the harbour, unhurried, glowing.',
    'somewhere a patient captain recounted forgotten voyages.',
    'seagulls argued over breadcrumbs while fishermen slept.',
    'nobody remembered which lighthouse had answered first.'
  ] as const
  const content = Array.from({ length: lines }, (_, index) => `${String(index + 1).padStart(5, '0')} ${turn.random.pick(sentences)}\n`).join('')
  await turn.say(content, { wordsPerEvent: 8, eventMs: 36 })
  return { kind: 'success', content }
}
