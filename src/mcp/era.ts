import { classifyInboundRequest } from '@modelcontextprotocol/server'
import { header, type HttpRequest } from './http.ts'
import { isPlainMessage } from './json-rpc.ts'

/** `session`: revisions 2024-11-05 to 2025-11-25. `stateless`: 2026-07-28, and whatever claims to be of that kind. */
export type Era = 'session' | 'stateless'

const FIRST_STATELESS_REVISION = '2026-07-28'

/**
 * To which lane a POST belongs. The SDK's classifier decides; where its answer is plain to see it isn't asked,
 * because it costs a thousand times more than the look.
 */
export function eraOf ({ headers, body }: Pick<HttpRequest, 'headers' | 'body'>): Era {
  if (isPlainlyOfSession({ headers, body })) return 'session'
  return classify({ headers, body })
}

/** What the SDK says. */
export function classify ({ headers, body }: Pick<HttpRequest, 'headers' | 'body'>): Era {
  const words = {
    protocolVersionHeader: header(headers, 'mcp-protocol-version'),
    mcpMethodHeader: header(headers, 'mcp-method'),
    mcpNameHeader: header(headers, 'mcp-name')
  }
  const given = Object.fromEntries(Object.entries(words).filter(([, value]) => value !== undefined))
  return classifyInboundRequest({ httpMethod: 'POST', body, ...given }).kind === 'legacy' ? 'session' : 'stateless'
}

/** A sound message without a word of the stateless revision. For whatever else is in it, the classifier is asked. */
function isPlainlyOfSession ({ headers, body }: Pick<HttpRequest, 'headers' | 'body'>): boolean {
  const revision = header(headers, 'mcp-protocol-version')
  if (revision !== undefined && revision >= FIRST_STATELESS_REVISION) return false
  return isPlainMessage(body)
}
