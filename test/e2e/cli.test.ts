import { readFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { environmentSchema } from '../../src/config/environment.ts'
import { initialize, post, startEmulator } from '../helper.ts'
import { run, startServerProcess } from './server-process.ts'

const { version } = Object(JSON.parse(readFileSync(path.join(import.meta.dirname, '..', '..', 'package.json'), 'utf8'))) as { version: string }

async function cli (t: Test, args: string[], environment: Record<string, string> = {}, folder = t.testdir()): Promise<{ code: number | null, out: string, err: string }> {
  const { ended, stdout, stderr } = run(t, 'src/cli.ts', environment, args, folder)
  const { code } = await ended
  return { code, out: stdout.join('\n'), err: stderr.join('\n') }
}

t.test('--help and --version say it on stdout', async (t) => {
  t.match(await cli(t, ['--help']), { code: 0, out: /^Usage: mcp-dust-server[^]*--demo[^]*--check[^]*--print-config/, err: '' })
  t.same(await cli(t, ['--version']), { code: 0, out: version, err: '' })
})

t.test('what isn\'t understood is said on stderr, with the usage, and nothing is started', async (t) => {
  const misunderstood: Array<[string[], RegExp]> = [
    [['--chekc'], /^Unknown option '--chekc'/],
    [['start'], /^Unexpected argument 'start'/],
    [['--check=yes'], /^Option '--check' does not take an argument/],
    [['--check', '--demo'], /^--demo and --check can't be done at once/],
    [['--once'], /^--once belongs to --demo/]
  ]
  for (const [args, words] of misunderstood) t.match(await cli(t, args), { code: 2, out: '', err: new RegExp(`${words.source}[^]*\nUsage: `) }, args.join(' '))
})

t.test('without an option it is the server', async (t) => {
  const { environment } = await startEmulator(t)
  const { address } = await startServerProcess(t, { ...environment, STORE_URL: 'sqlite::memory:' }, { program: 'src/cli.ts' })
  t.equal((await post(address, initialize)).status, 200)
})

t.test('--print-config prints every setting with where it comes from, and no secret', async (t) => {
  const folder = t.testdir({
    '.env': 'DUST_API_KEY=sk-fromDotEnv\nDUST_WORKSPACE_ID=abc\nPORT=7000\nLOG_LEVEL=debug\n',
    tokens: 'ada:the-token-of-ada-is-long'
  })
  const { code, out, err } = await cli(t, ['--print-config'], {
    PORT: '8000', METRICS_TOKEN: 'word-for-scrapes', STORE_URL: 'redis://ada:wordOfRedis@redis.example.com:6379', AUTH_MODE: 'token', AUTH_TOKENS_FILE: `${folder}/tokens`, HOST: ' '
  }, folder)
  t.equal(code, 0, err)
  const lines = Object.fromEntries(out.split('\n').map((line) => line.split(/ {2,}/)).map(([name, ...rest]) => [name, rest]))
  t.same(Object.keys(lines), Object.keys(environmentSchema.properties))
  t.match(lines, {
    HOST: ['127.0.0.1', 'default'],
    PORT: ['8000', 'environment'],
    LOG_LEVEL: ['debug', '.env'],
    DUST_API_KEY: ['(hidden)', '.env'],
    DUST_WORKSPACE_ID: ['abc', '.env'],
    METRICS_TOKEN: ['(hidden)', 'environment'],
    STORE_URL: ['redis://(hidden)@redis.example.com:6379', 'environment'],
    AUTH_TOKENS: ['(hidden)', 'AUTH_TOKENS_FILE'],
    REQUEST_STATE_KEY: ['-', 'not set']
  })
  t.notMatch(out + err, /fromDotEnv|word-for-scrapes|wordOfRedis|token-of-ada/)
})

t.test('--print-config prints also what is wrong, then what it must be', async (t) => {
  const { code, out, err } = await cli(t, ['--print-config'], { DUST_API_KEY: 'sk wrong', DUST_WORKSPACE_ID: 'abc', PORT: 'abc', STORE_URL: 'redis://:pass/word@redis' })
  t.equal(code, 1)
  t.match(out, /^PORT +abc +environment$/m)
  t.match(err, /^PORT is "abc"; it must be a whole number/m)
  t.notMatch(out + err, /sk wrong|pass\/word/)
})

t.test('credentials where none belong are hidden, too', async (t) => {
  const { code, out, err } = await cli(t, ['--print-config'], {
    DUST_API_KEY: 'abc',
    DUST_WORKSPACE_ID: 'sk-keyForId',
    DUST_BASE_URL: 'https://ada:wordOfDust@eu.dust.tt',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'https://otlp.example.com/x?key=wordOfTraces'
  })
  t.equal(code, 1)
  t.match(out, /^DUST_BASE_URL +https:\/\/\(hidden\)@eu\.dust\.tt +environment$/m)
  t.match(err, /^DUST_BASE_URL is "https:\/\/\(hidden\)@eu\.dust\.tt"; it must be /m)
  t.match(err, /^OTEL_EXPORTER_OTLP_ENDPOINT is "https:\/\/otlp\.example\.com\/x\?\(hidden\)"; it must be /m)
  t.notMatch(out + err, /wordOf|keyForId/)
})

t.test('a .env that can\'t be read is told in a line', async (t) => {
  for (const args of [['--check'], ['--print-config'], []]) {
    t.same(await cli(t, args, {}, t.testdir({ '.env': {} })), { code: 1, out: '', err: '.env of this folder can\'t be read: EISDIR; make it a file that this user may read, or take it away' }, args.join(' '))
  }
})
