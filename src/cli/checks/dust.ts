import type { Config } from '../../config.ts'
import { createDustClient, DustError } from '../../dust/client.ts'
import { off, ok, wrong, type Finding } from '../finding.ts'

/** How long Dust may take to answer. */
const PATIENCE_MS = 10_000

/** Where workspaces are. A key is known only where its workspace is. */
const REGIONS = ['https://dust.tt', 'https://eu.dust.tt']

/** What Dust calls a key that it doesn't know. */
const UNKNOWN_KEY = 'invalid_api_key_error'

/**
 * Asks Dust once whether the key opens the workspace. When a region of Dust doesn't know the key, the other one is asked, too:
 * that is the only way to tell a wrong key from a wrong region.
 *
 * @param regions origins
 */
export async function checkDust (dust: Config['dust'], regions: readonly string[] = REGIONS): Promise<Finding> {
  const { credentials, baseUrl } = dust
  if (credentials === null) return off('callers bring their own keys (DUST_KEY_PASSTHROUGH), and there is no DUST_API_KEY to look with')
  const fault = await faultAt(baseUrl, dust, credentials)
  if (fault === null) return ok(`the key opens the workspace ${credentials.workspaceId} at ${baseUrl}`)
  if (fault.type !== UNKNOWN_KEY || !regions.includes(baseUrl)) return wrong(fault.words)

  for (const region of regions.filter((region) => region !== baseUrl)) {
    const other = await faultAt(region, dust, credentials)
    if (other === null || (other.type !== null && other.type !== UNKNOWN_KEY)) return wrong(`the key is of another region: set DUST_BASE_URL to ${region}, where Dust knows it`)
    if (other.type === null) return wrong(fault.words)
  }
  return wrong('Dust refused the API key in all its regions: check DUST_API_KEY.')
}

interface Fault {
  /** Dust's own word for it, if it said one. */
  type: string | null
  words: string
}

async function faultAt (baseUrl: string, { username, timezone }: Config['dust'], credentials: { apiKey: string, workspaceId: string }): Promise<Fault | null> {
  const client = createDustClient({ baseUrl, username, timezone, ...credentials })
  const whereToLook = 'Check DUST_BASE_URL, the network, the firewall and the proxy.'
  const signal = AbortSignal.timeout(PATIENCE_MS)
  try {
    await client.checkWorkspace(signal)
    return null
  } catch (error) {
    if (!(error instanceof DustError)) throw error
    if (signal.aborted) return { type: null, words: `${baseUrl} gave no answer within ${PATIENCE_MS / 1000} s. ${whereToLook}` }
    return { type: error.type, words: error.message.includes('DUST_') ? error.message : `${error.message} ${whereToLook}` }
  } finally {
    await client.close()
  }
}
