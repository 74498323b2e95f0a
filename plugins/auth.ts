import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import fp from 'fastify-plugin'
import { isLoopback } from '../src/allowed-peers.ts'
import { ANONYMOUS } from '../src/auth/authenticator.ts'
import { createChallenge } from '../src/auth/challenge.ts'
import { createAuthenticator } from '../src/auth/create-authenticator.ts'
import { CredentialRefused, type RefusalReason } from '../src/auth/refusal.ts'

export interface Auth {
  /** A hook for routes that only some may use: says who calls, and refuses those who can't say it. */
  identify (request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void
  /** Reads AUTH_TOKENS_FILE again. What can't be read or understood changes nothing. */
  reload (): Promise<void>
}

declare module 'fastify' {
  interface FastifyInstance {
    auth: Auth
  }
  interface FastifyRequest {
    /** Who asks: by the name of their token, by what the authorization server calls them, or `anonymous` where nobody has to say. */
    caller: string
    /** Why the credential that it brought doesn't count; `null` when it does, or wasn't looked at. */
    refusedCredential: RefusalReason | null
  }
}

/** When to ask again while tokens can't be checked, in seconds. */
const RETRY_AFTER = 5

/** Knows who may come in. */
export default fp(async (fastify) => {
  const { access } = fastify.config
  const { authFailures } = fastify.instruments.access
  const authenticator = await createAuthenticator(access, {
    onOutage: (error) => { fastify.log.error({ err: error }, 'the authorization server\'s keys can\'t be fetched; those that were fetched before count for a day') },
    onRecovery: () => { fastify.log.info('the authorization server\'s keys were fetched again') }
  })
  const { reasons, hints, check, close } = authenticator

  fastify.decorateRequest('caller', ANONYMOUS)
  fastify.decorateRequest('refusedCredential', null)
  fastify.decorate('auth', { identify, reload } satisfies Auth)
  for (const reason of reasons) authFailures.inc({ reason }, 0)
  if (check !== undefined) fastify.health.addCheck('authorization', check, { whenSilent: 'Check OAUTH_ISSUER, OAUTH_JWKS_URL, the network and the firewall.' })
  if (close !== undefined) fastify.addHook('onClose', async () => { close() })

  if (access.mode === 'none' && !isLoopback(fastify.config.server.host)) {
    fastify.log.warn('whoever reaches the port can ask your agents: AUTH_MODE is none, and ALLOW_UNAUTHENTICATED says so')
  }

  function identify (request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void {
    // Who asks is known without a look: nothing has to be waited for.
    if (access.mode === 'none') return done()
    authenticator.identify(request.headers.authorization).then((caller) => {
      request.caller = caller
      done()
    }, (error) => {
      if (error instanceof CredentialRefused) tell(error, request, reply)
      done(error)
    })
  }

  function tell (refused: CredentialRefused, request: FastifyRequest, reply: FastifyReply): void {
    request.refusedCredential = refused.reason
    authFailures.inc({ reason: refused.reason })
    request.log.debug({ reason: refused.reason }, 'credential refused')
    if (refused.reason === 'unavailable') reply.header('retry-after', RETRY_AFTER)
    else reply.header('www-authenticate', createChallenge(refused, hints))
  }

  async function reload (): Promise<void> {
    if (authenticator.reload === undefined) return
    try {
      const callers = await authenticator.reload()
      fastify.log.info({ callers }, 'AUTH_TOKENS_FILE was read again')
    } catch (error) {
      fastify.log.error({ err: error }, 'AUTH_TOKENS_FILE can\'t be used; the tokens stay as they were')
    }
  }
}, { name: 'auth', dependencies: ['config', 'metrics', 'security', 'health'] })
