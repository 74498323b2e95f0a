import type { Behaviour, MadeFile, Turn } from '../run/turn.ts'
import { quote, recall, subject } from './phrases.ts'

const pngSignature = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

/** Makes one file of each sort that a reader can meet, and names those that people are meant to see. */
export const answerWithFiles: Behaviour = async (turn) => {
  const topic = subject(turn.prompt)
  await turn.say(`${recall(turn)}I put ${quote(turn.prompt)} into files. `)
  const files = filesOn(turn, topic)
  await turn.useTool({
    server: 'interactive_content',
    tool: 'create_files',
    params: { topic },
    labels: { running: 'Making files', done: 'Made files' },
    notifications: ['Writing'],
    durationMs: 600,
    output: `Made ${files.length} files.`,
    files
  })
  turn.nextStep()
  const names = files.filter(({ isHidden }) => isHidden !== true).map(({ title }) => title).join(', ')
  const content = `${recall(turn)}You asked ${quote(turn.prompt)}. It's all in these files: ${names}.`
  await turn.say(content)
  return { kind: 'success', content }
}

function filesOn (turn: Turn, topic: string): MadeFile[] {
  const rows = Array.from({ length: 12 }, (_, month) => `${month + 1},${turn.random.integer(100, 999)}`)
  // Every value that a byte can have, so that whoever takes it for text is found out.
  const picture = [...pngSignature, ...Array.from({ length: 256 }, (_, byte) => byte), ...Array.from({ length: 2000 }, () => turn.random.integer(0, 255))]
  return [
    { title: 'table.csv', contentType: 'text/csv', bytes: Buffer.from(`month,${topic}\r\n${rows.join('\r\n')}\r\n`) },
    { title: 'picture.png', contentType: 'image/png', bytes: Buffer.from(picture) },
    { title: 'page.html', contentType: 'text/html', bytes: Buffer.from(`<!doctype html>\n<title>${topic}</title>\n<p>It's a page.\n`) },
    { title: 'notes.md', contentType: 'text/markdown', bytes: Buffer.from(`# Notes\n\nÜber ${topic}: 静か 🚀\n`), filePath: 'conversation/results/notes 1.md' },
    { title: 'scratch.txt', contentType: 'text/plain', bytes: Buffer.from('Not for people.'), isHidden: true }
  ]
}

/** Tells what it got to read. */
export const answerFromAttachments: Behaviour = async (turn) => {
  const readings = turn.attachments.map(({ title, size, text }) => `${title} has ${size} bytes and begins ${quote(text.slice(0, 60))}`)
  const content = readings.length === 0 ? `There is nothing attached to ${quote(turn.prompt)}.` : `On ${quote(turn.prompt)}: ${readings.join('; ')}.`
  await turn.say(content)
  return { kind: 'success', content }
}
