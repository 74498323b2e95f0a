import type { Order } from '../bench.ts'
import type { Report } from '../report.ts'
import { chooseStores } from '../stores.ts'
import type { Cell, Table } from '../table.ts'
import { soak, type Sample, type Soaked } from './soak.ts'

/** Whether anything grows while sessions, calls and streams come and go. */
export async function run ({ isQuick, flags }: Order): Promise<Report> {
  const minutes = Number(flags['minutes']?.at(-1) ?? (isQuick ? 0.1 : 6))
  const seed = flags['seed']?.at(-1) ?? 'one'
  const soaked: Array<[store: string, Soaked]> = []
  for (const name of chooseStores(flags['store'], ['sqlite'])) soaked.push([name, await soak(name, minutes, seed)])
  return {
    method: [
      `Eight visitors open sessions, make a quick call and one whose connection breaks in the middle, come back for the rest of it, and leave, half of the time without a word; seed ${seed}. A minute stands for an hour: streams are forgotten after 15 s instead of 15 minutes, sessions that were left after a minute. ` +
      'Sessions that are left fill the store until the first of them are over, so the last third is compared with the second.'
    ],
    tables: soaked.map(toTable),
    growth: soaked.map(([store, { samples }]) => ({
      costs: 'MB',
      sizes: `minutes, ${store}`,
      rows: [
        { what: 'heap', points: samples.map(({ minute, heapBytes }) => [minute, heapBytes / 1e6] as const) },
        { what: 'resident', points: samples.map(({ minute, rssBytes }) => [minute, rssBytes / 1e6] as const) },
        { what: 'store', points: samples.map(({ minute, storeBytes }) => [minute, storeBytes / 1e6] as const) }
      ]
    })),
    panels: [],
    packages: ['fastify'],
    failures: soaked.filter(([, { visits }]) => visits.failed > 0).map(([store, { visits }]) => `${store}: ${visits.failed} visits failed`)
  }
}

function toTable ([store, { samples, visits: { sessions, calls, resumes, failed } }]: [string, Soaked]): Table {
  const third = samples.length / 3
  const mean = (some: readonly Sample[], what: keyof Sample): number => some.reduce((sum, sample) => sum + sample[what], 0) / some.length
  const row = (name: string, what: keyof Sample, unit: number): Cell[] => {
    const [middle, last] = [mean(samples.slice(third, 2 * third), what), mean(samples.slice(2 * third), what)]
    return [name, (middle / unit).toFixed(1), (last / unit).toFixed(1), `${((last / middle - 1) * 100).toFixed(1)} %`]
  }
  return {
    title: `What is held, ${store}`,
    note: `${sessions} sessions, ${calls} calls, ${resumes} streams taken up again; ${failed} visits failed.`,
    head: ['', 'second third', 'last third', 'growth'],
    rows: [row('heap, MB', 'heapBytes', 1e6), row('resident, MB', 'rssBytes', 1e6), row('store, MB', 'storeBytes', 1e6), row('rows or keys', 'entries', 1)]
  }
}
