import type { Config } from './config.ts'
import { storeKindOf } from './store/open.ts'
import { StoreError } from './store/store.ts'

/** Why the server can't start, and what a person can do about it, in a line. */
export function describeStartFault (error: unknown, { server: { host, port }, sessions: { storeUrl } }: Pick<Config, 'server' | 'sessions'>): string {
  if (error instanceof StoreError) return `${error.message}. Set STORE_URL to ${storeKindOf(storeUrl) === 'redis' ? 'a Redis that can be reached and written' : 'a file that can be written'}.`
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} on ${host} is taken by another process. Set PORT to another one.`
    case 'EACCES':
      return `Port ${port} on ${host} may not be opened. Set PORT to one above 1023.`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${host} is no address of this machine. Set HOST to one, or to 0.0.0.0 for all.`
    default:
      return `The server could not start: ${error instanceof Error ? error.message : String(error)}`
  }
}
