import { parseAccessTokens } from '../auth/access-tokens.ts'
import { isTrustworthy } from '../auth/trustworthy-url.ts'
import { parseTrustProxy } from '../trust-proxy.ts'
import { parseKeyPairs } from './key-pairs.ts'
import { parseToolAreas, TOOL_AREAS } from './tool-areas.ts'
import { parseDuration, parseList, parseSize } from './units.ts'

/** A timer of Node holds 31 bits of milliseconds; a longer one would fire at once. */
const LONGEST_TIMER_MS = 24 * 86_400_000

/** Visible ASCII but for `"`, `#`, `?` and `\`: it is quoted in headers. */
const PLAIN_ADDRESS = /^[\x21\x24-\x3e\x40-\x5b\x5d-\x7e]+$/

const TAKEN_PATHS = ['/mcp', '/health', '/ready', '/livez', '/status/events']

/** What a string of each format must be: how it is checked, and how a person is told. */
export const formats = {
  size: {
    allowed: 'a size above 0 such as 512k, 4m or 1g',
    check: (word: string) => parseSize(word) !== null
  },
  limit: {
    allowed: 'a size such as 512m or 2g, or 0 for none',
    check: (word: string) => word === '0' || parseSize(word) !== null
  },
  wait: {
    allowed: 'a duration of at most 24d such as 0s, 500ms, 30s or 15m',
    check: (word: string) => (parseDuration(word) ?? Infinity) <= LONGEST_TIMER_MS
  },
  period: {
    allowed: 'a duration above 0 and of at most 24d such as 500ms, 30s, 15m or 24h',
    check: (word: string) => (parseDuration(word) ?? 0) > 0 && (parseDuration(word) ?? 0) <= LONGEST_TIMER_MS
  },
  lifetime: {
    allowed: 'a duration above 0 such as 30m, 24h or 30d',
    check: (word: string) => (parseDuration(word) ?? 0) > 0
  },
  origin: {
    allowed: 'an http or https address without a path, such as https://dust.tt or https://eu.dust.tt',
    check: (word: string) => URL.canParse(word) && /^https?:\/\/[^/?#@]+\/?$/.test(word)
  },
  timezone: {
    allowed: 'an IANA time zone such as UTC or Europe/Paris',
    check: (word: string) => {
      // Offsets such as +02:00 are time zones to Intl, but not to Dust.
      if (!/^[A-Za-z]/.test(word)) return false
      try {
        return Boolean(new Intl.DateTimeFormat('en', { timeZone: word }))
      } catch {
        return false
      }
    }
  },
  file: {
    allowed: 'the path of a file',
    check: () => true
  },
  listener: {
    allowed: 'an address or a name of this machine, such as 127.0.0.1, 0.0.0.0 or ::1',
    check: () => true
  },
  plugins: {
    allowed: 'paths and names of packages, separated by commas',
    check: () => true
  },
  token: {
    allowed: 'a text of ASCII letters, digits and signs, without spaces',
    check: (word: string) => /^[\x21-\x7e]+$/.test(word)
  },
  'access-tokens': {
    allowed: 'name:token, separated by commas, each token unique and of at least 16 ASCII letters, digits and signs',
    check: (words: string) => parseAccessTokens(words) !== null
  },
  hosts: {
    allowed: 'host names without ports, separated by commas, such as mcp.example.com',
    check: (words: string) => parseList(words).every((word) => /^(\[[\da-f:.]+\]|[\w.-]+)$/i.test(word))
  },
  origins: {
    allowed: 'origins separated by commas, such as https://app.example.com',
    check: (words: string) => parseList(words).every((word) => URL.canParse(word) && new URL(word).origin === word.toLowerCase())
  },
  issuer: {
    allowed: 'an https address without query or fragment, as the tokens have it in iss, such as https://login.example.com; http on this machine only',
    check: (word: string) => isTrustworthy(word) && PLAIN_ADDRESS.test(word)
  },
  resource: {
    allowed: 'the https address under which clients reach /mcp, without query or fragment, and without * % : in the path, such as https://mcp.example.com/mcp; http on this machine only',
    // Its description is served at a path of the router, where these signs mean something else.
    check: (word: string) => isTrustworthy(word) && PLAIN_ADDRESS.test(word) && !/[*%:]/.test(new URL(word).pathname)
  },
  'keys-url': {
    allowed: 'an https address such as https://login.example.com/jwks.json; http on this machine only',
    check: (word: string) => isTrustworthy(word)
  },
  scopes: {
    allowed: 'scopes separated by commas, such as dust:ask, without spaces, quotes and backslashes',
    check: (words: string) => parseList(words).every((word) => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(word))
  },
  claim: {
    allowed: 'the name of a claim such as sub, of letters, digits and _ - . : /',
    check: (word: string) => /^[\w.:/-]{1,128}$/.test(word)
  },
  proxies: {
    allowed: 'true or false, how many proxies there are (1 to 32), or their addresses and ranges, separated by commas, such as 10.0.0.0/8 or loopback',
    check: (words: string) => parseTrustProxy(words) !== null
  },
  'metric-prefix': {
    allowed: 'letters, digits and _ that do not begin with a digit',
    check: (word: string) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(word)
  },
  path: {
    allowed: `a path such as /metrics, of letters, digits, - _ . and /, whose parts begin with no dot, but none of ${TAKEN_PATHS.join(' ')}`,
    check: (word: string) => /^(\/(?!\.)[\w.-]+)+$/.test(word) && !TAKEN_PATHS.includes(word)
  },
  store: {
    allowed: 'sqlite:<file>, sqlite::memory: or redis://[[user]:password@]host[:port][/database], with rediss:// for TLS; special signs of a password as in %40',
    check: (word: string) => /^sqlite:./.test(word) || isRedisUrl(word)
  },
  secret: {
    allowed: 'at least 32 ASCII letters, digits and signs, without spaces',
    check: (word: string) => /^[\x21-\x7e]{32,}$/.test(word)
  },
  'tool-areas': {
    allowed: `one or more of ${TOOL_AREAS.join(', ')}, separated by commas`,
    check: (words: string) => parseToolAreas(words) !== null
  },
  names: {
    // Nothing but commas would be no choice at all, and open what somebody wanted closed.
    allowed: 'one or more names, separated by commas',
    check: (words: string) => parseList(words).length > 0
  },
  collector: {
    allowed: 'an http or https address without credentials, query or fragment, such as http://localhost:4318; credentials belong into OTEL_EXPORTER_OTLP_HEADERS',
    check: (word: string) => URL.canParse(word) && /^https?:\/\/[^/?#@]+(\/[^?#]*)?$/.test(word)
  },
  'key-pairs': {
    allowed: 'name=value, separated by commas; other signs as in %20',
    check: (words: string) => parseKeyPairs(words) !== null
  },
  'dust-key': {
    allowed: 'an API key of the workspace, sk-...',
    check: (word: string) => /^[\x21-\x7e]+$/.test(word)
  },
  'dust-id': {
    allowed: 'the id in the workspace\'s address, https://dust.tt/w/<id>',
    check: (word: string) => /^[A-Za-z0-9_-]+$/.test(word)
  }
} as const

/** Without a query, which would be options of the client. */
function isRedisUrl (word: string): boolean {
  if (!/^rediss?:\/\/([^@/?#]*@)?[^@/?#]+(\/\d*)?$/.test(word) || !URL.canParse(word)) return false
  const { username, password } = new URL(word)
  try {
    decodeURIComponent(username + password)
    return true
  } catch {
    return false
  }
}

export type Format = keyof typeof formats
