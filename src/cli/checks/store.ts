import type { Config } from '../../config.ts'
import { describeStartFault } from '../../start-fault.ts'
import { openStore } from '../../store/open.ts'
import type { Store } from '../../store/store.ts'
import { ok, wrong, type Finding } from '../finding.ts'

/** Opens the store as the server would, which makes its file when there is none, writes to it and reads. */
export async function checkStore (config: Config): Promise<Finding> {
  try {
    const store = await openStore(config.sessions.storeUrl)
    try {
      await store.check()
      return ok(describe(store))
    } finally {
      await store.close()
    }
  } catch (error) {
    return wrong(describeStartFault(error, config))
  }
}

function describe ({ kind, isLasting }: Store): string {
  if (!isLasting) return 'sessions are kept in memory, and gone after a restart'
  return `${kind === 'redis' ? 'Redis' : 'the SQLite file'} can be opened, written and read`
}
