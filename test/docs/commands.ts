import { existsSync } from 'node:fs'
import path from 'node:path'
import { readArguments } from '../../src/cli/arguments.ts'
import { envSchema } from 'env-schema'
import { createEnvironmentAjv, environmentSchema } from '../../src/config/environment.ts'
import { readFile, ROOT } from '../fixtures/markdown.ts'

const { name, scripts, dependencies, devDependencies } = Object(JSON.parse(readFile('package.json'))) as {
  name: string, scripts: Record<string, string>, dependencies: Record<string, string>, devDependencies: Record<string, string>
}
const packages = new Set([name, ...Object.keys(dependencies), ...Object.keys(devDependencies)])

/** The commands of a block for a shell, each in a line. */
export function commandsOf (block: string): string[] {
  return block.replaceAll(/\\\n\s*/g, ' ').split(/\n(?=\S)| && /).map((line) => line.replace(/ +# .*$/s, '').trim()).filter((line) => line !== '')
}

/** The words of a command, as a shell parts them; variables stay as they are. */
export function wordsOf (command: string): string[] {
  return [...command.matchAll(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g)].map(([word]) => word.replaceAll(/'([^']*)'|"([^"]*)"/g, (_, plain: string | undefined, quoted: string | undefined) => plain ?? quoted ?? ''))
}

/** What must hold of the words of a command, by how it begins: a fault, or nothing. */
const checks: Array<[begin: RegExp, check: (words: string[]) => string | undefined]> = [
  [/^npm (ci|test|start|init -y|pkg set type=module)$/, () => undefined],
  [/^npm run /, ([, , script = '']) => script in scripts ? undefined : `no script ${script}`],
  [/^npm i (-D )?/, (words) => words.slice(2).filter((word) => !word.startsWith('-')).find((word) => !packages.has(word))],
  [/^npx mcp-dust-server/, (words) => { readArguments(words.slice(2)); return undefined }],
  [/^npx tap /, ([, , file = '']) => existsSync(path.join(ROOT, file)) ? undefined : `no file ${file}`],
  [/^npx @modelcontextprotocol\/inspector$/, () => undefined],
  [/^npx @modelcontextprotocol\/inspector --cli /, ([, , , url = '', ...options]) => isEndpoint(url) ?? unknownOption(options, ['--transport', '--method', '--header', '--protocol-era'])],
  [/^cp /, ([, from = '']) => existsSync(path.join(ROOT, from)) ? undefined : `no file ${from}`],
  [/^docker compose -f /, (words) => existsSync(path.join(ROOT, words[3] ?? '')) ? undefined : `no file ${words[3]}`],
  [/^claude mcp add --transport http /, ([, , , , , , url = '', ...options]) => isEndpoint(url) ?? unknownOption(options, ['--header'])],
  [/^code --add-mcp /, ([, , server = '']) => isServer(Object(JSON.parse(server)))],
  [/^kubectl (--namespace \S+ )?create /, () => undefined]
]

/** What is wrong with a command that a page shows; `undefined` when nothing is. */
export function faultOf (command: string): string | undefined {
  const { settings, rest } = takeSettings(command)
  const fault = faultOfSettings(settings)
  if (fault !== undefined || rest === '') return fault
  const [, check] = checks.find(([begin]) => begin.test(rest)) ?? []
  return check === undefined ? `nobody looks at ${rest}` : check(wordsOf(rest))
}

/** Variables before a command, or alone. */
function takeSettings (command: string): { settings: Array<[string, string]>, rest: string } {
  const settings: Array<[string, string]> = []
  let rest = command
  for (let match = /^([A-Z_]+)=(\S*)\s*/.exec(rest); match !== null; match = /^([A-Z_]+)=(\S*)\s*/.exec(rest)) {
    settings.push([match[1] ?? '', match[2] ?? ''])
    rest = rest.slice(match[0].length)
  }
  return { settings, rest }
}

function faultOfSettings (settings: Array<[string, string]>): string | undefined {
  const unknown = settings.find(([variable]) => !(variable in environmentSchema.properties))
  if (unknown !== undefined) return `no setting ${unknown[0]}`
  // `...` stands for something of the reader's own.
  const data = Object.fromEntries(settings.filter(([, value]) => value !== '...' && value !== ''))
  try {
    envSchema({ schema: environmentSchema, data, env: false, ajv: createEnvironmentAjv() })
    return undefined
  } catch (error) {
    return String(error)
  }
}

/** What a client's configuration says of a server that speaks HTTP. */
export function isServer ({ type, url, headers = {} }: Record<string, unknown>): string | undefined {
  if (type !== undefined && type !== 'http') return `no type ${String(type)}`
  const odd = Object.keys(Object(headers)).find((header) => !['Authorization', 'X-Dust-Api-Key', 'X-Dust-Workspace-Id'].includes(header))
  return isEndpoint(String(url)) ?? (odd === undefined ? undefined : `no header ${odd}`)
}

export function isEndpoint (url: string): string | undefined {
  return ['http://127.0.0.1:5001/mcp', 'https://mcp.example.com/mcp'].includes(url) ? undefined : `no address ${url}`
}

function unknownOption (words: string[], known: string[]): string | undefined {
  return words.find((word) => word.startsWith('--') && !known.includes(word))
}
