import type { Scope } from '../../helper.ts'
import type { ConnectOptions, OfficialClient } from './official-client.ts'
import { connectSdk1 } from './sdk-v1.ts'
import { connectSdk2 } from './sdk-v2.ts'

/** What a user of the official SDKs can choose between, and what they then speak with this server. */
export const CLIENTS = [
  { kind: 'SDK v1', era: 'session', revision: '2025-11-25' },
  { kind: 'SDK v2', era: 'session', revision: '2025-11-25' },
  { kind: 'SDK v2 auto', era: 'stateless', revision: '2026-07-28' },
  { kind: 'SDK v2 pinned', era: 'stateless', revision: '2026-07-28' }
] as const

export type ClientKind = typeof CLIENTS[number]['kind']

/** Connects with one of the official SDKs until the test ends. */
export async function connectAs (t: Scope, kind: ClientKind, address: string, options: ConnectOptions = {}): Promise<OfficialClient> {
  switch (kind) {
    case 'SDK v1':
      return connectSdk1(t, address, options)
    case 'SDK v2':
      return connectSdk2(t, address, options)
    case 'SDK v2 auto':
      return connectSdk2(t, address, options, 'auto')
    case 'SDK v2 pinned':
      return connectSdk2(t, address, options, { pin: '2026-07-28' })
  }
}
