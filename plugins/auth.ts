import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { readFile } from 'node:fs/promises'
import { findCaller, parseAccessTokens } from '../src/access-tokens.ts'
import { isLoopback } from '../src/allowed-peers.ts'

export interface Auth {
  /** A hook for routes that only some may use: says who calls, and refuses those who can't say it. */
  identify (request: FastifyRequest, reply: FastifyReply): Promise<void>
  /** Reads AUTH_TOKENS_FILE again. What can't be read or understood changes nothing. */
  reload (): Promise<void>
}

declare module 'fastify' {
  interface FastifyInstance {
    auth: Auth
  }
  interface FastifyRequest {
    /** Who asks: the name of their token, or `anonymous` where none is needed. */
    caller: string
  }
}

type Reason = 'missing' | 'malformed' | 'invalid'

const WORDS: Record<Reason, string> = {
  missing: 'Unauthorized: a bearer token is needed',
  malformed: 'Unauthorized: the Authorization header must be Bearer and a token',
  invalid: 'Unauthorized: the token is not known here'
}

/** A request came without a credential that counts. */
class Unauthorized extends Error {
  readonly code = 'UNAUTHORIZED'
  readonly statusCode = 401
}

/** Knows who may come in. */
export default fp(async (fastify) => {
  const { mode, tokensFile } = fastify.config.access
  const { authFailures } = fastify.instruments.access
  let { tokens } = fastify.config.access

  fastify.decorateRequest('caller', 'anonymous')
  fastify.decorate('auth', { identify, reload } satisfies Auth)
  for (const reason of Object.keys(WORDS)) authFailures.inc({ reason }, 0)

  if (mode === 'none' && !isLoopback(fastify.config.server.host)) {
    fastify.log.warn('whoever reaches the port can ask your agents: AUTH_MODE is none, and ALLOW_UNAUTHENTICATED says so')
  }

  async function identify (request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (mode === 'none') return
    const caller = callerOf(request.headers.authorization)
    if ('name' in caller) {
      request.caller = caller.name
      return
    }
    authFailures.inc({ reason: caller.reason })
    reply.header('www-authenticate', `Bearer realm="mcp-dust-server"${caller.reason === 'invalid' ? ', error="invalid_token"' : ''}`)
    throw new Unauthorized(WORDS[caller.reason])
  }

  function callerOf (header: string | undefined): { name: string } | { reason: Reason } {
    if (header === undefined) return { reason: 'missing' }
    const [, token] = /^Bearer +(\S+)$/i.exec(header) ?? []
    if (token === undefined) return { reason: 'malformed' }
    const name = findCaller(tokens, token)
    return name === undefined ? { reason: 'invalid' } : { name }
  }

  async function reload (): Promise<void> {
    if (tokensFile === null) return
    try {
      const read = parseAccessTokens(await readFile(tokensFile, 'utf8'))
      if (read === null) throw new Error('its content isn\'t a list of name:token')
      tokens = read
      fastify.log.info({ callers: tokens.map(({ name }) => name) }, 'AUTH_TOKENS_FILE was read again')
    } catch (error) {
      fastify.log.error({ err: error }, 'AUTH_TOKENS_FILE can\'t be used; the tokens stay as they were')
    }
  }
}, { name: 'auth', dependencies: ['config', 'metrics', 'security'] })
