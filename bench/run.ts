import { parseArgs } from 'node:util'
import { BENCHES, type Bench } from './bench.ts'
import { describeLoad, describeMachine } from './machine.ts'
import { folderOf, writeReport } from './report.ts'

const COMMON = {
  rounds: 'how often each contestant is measured',
  seconds: 'how long each time, where it goes by time'
}

const [, , name, ...args] = process.argv
const bench = BENCHES.find((bench) => bench.name === name)
if (bench === undefined) {
  process.exitCode = name === undefined ? 0 : 1
  if (name !== undefined) console.error(`There is no bench ${name}.\n`)
  console.log(listBenches())
} else {
  await runBench(bench)
}

async function runBench ({ name, line, flags, load }: Bench): Promise<void> {
  const { rounds, seconds, isQuick, own } = readArguments(flags)
  const loadBefore = describeLoad()
  const { run } = await load()
  const report = await run({ ...rounds === undefined ? {} : { rounds }, ...seconds === undefined ? {} : { seconds }, isQuick, flags: own })
  const setting = [
    `${[describeMachine(report.packages), ...report.programs ?? []].join(', ')}.`,
    `Measured ${new Date().toISOString().slice(0, 10)}; load average ${loadBefore} before, ${describeLoad()} after.`
  ]
  const folder = await folderOf(isQuick)
  console.log(await writeReport(folder, name, line, setting, report))
  console.log(`Written to ${folder}`)
  for (const failure of report.failures) console.error(failure)
  process.exitCode = report.failures.length === 0 ? 0 : 1
}

function readArguments (flags: Bench['flags']) {
  const names = ['rounds', 'seconds', ...Object.keys(flags)]
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string', multiple: true } as const]))
  const { values }: { values: Readonly<Record<string, unknown>> } = parseArgs({ args, options: { ...options, quick: { type: 'boolean', multiple: true } } })
  const given = new Map(names.map((name) => [name, [values[name] ?? []].flat().map(String)]))
  return {
    rounds: toNumber('rounds', given.get('rounds')),
    seconds: toNumber('seconds', given.get('seconds')),
    isQuick: values['quick'] !== undefined,
    own: Object.fromEntries([...given].filter(([name]) => name in flags))
  }
}

function toNumber (name: string, words: string[] | undefined): number | undefined {
  const word = words?.at(-1)
  if (word === undefined) return undefined
  if (!/^[1-9]\d*$/.test(word)) throw new Error(`--${name} is ${word}; it must be a whole number above 0`)
  return Number(word)
}

function listBenches (): string {
  const indent = (entries: ReadonlyArray<readonly [string, string]>): string[] => entries.map(([flag, words]) => `      --${flag.padEnd(12)} ${words}`)
  return [
    'npm run bench -- NAME [--rounds N] [--seconds N] [--quick]', '',
    ...BENCHES.flatMap(({ name, line, flags }) => [`  ${name.padEnd(10)} ${line}`, ...indent(Object.entries(flags))]), '',
    ...indent(Object.entries(COMMON)), ...indent([['quick', 'as little as shows that it works; writes to a temporary folder']])
  ].join('\n')
}
