import type { Config } from './config.ts'

/** Routes that programs and open pages ask every few seconds: nobody wants to read of each time. */
export function quietPaths ({ metrics }: Config): string[] {
  return ['/livez', '/health', '/ready', metrics.path, '/', '/status/:file', '/status/events']
}
