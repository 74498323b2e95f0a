import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { startLoadBalancer } from '../fixtures/load-balancer.ts'
import { readMetrics } from '../fixtures/metrics.ts'
import { connect, until } from '../helper.ts'
import { askAgent, faultsOf } from './agent-call.ts'
import { startCluster } from './replica-cluster.ts'

const SHUTDOWN_DELAY_SECONDS = 1
const DRAIN_TIMEOUT_SECONDS = 4
/** When a process is killed that hasn't ended by itself, as Kubernetes does it. */
const GRACE_SECONDS = SHUTDOWN_DELAY_SECONDS + DRAIN_TIMEOUT_SECONDS + 5

/** At this pace an essay takes 12 s: longer than a replica may take to stop. */
const PACE = 0.6
const RUNS = 'mcp_dust_server_agent_runs_in_progress'
const ASKERS = { dust: 3, essayist: 6 }

t.test('three replicas are restarted one after the other, and nobody who asks notices', async (t) => {
  const cluster = await startCluster(t, 3, { SHUTDOWN_DELAY: `${SHUTDOWN_DELAY_SECONDS}s`, DRAIN_TIMEOUT: `${DRAIN_TIMEOUT_SECONDS}s` })
  if (cluster === null) return
  const { dust, replicas, addresses } = cluster
  dust.pace.factor = PACE
  const balancer = await startLoadBalancer(t, addresses)
  const calls: Record<string, number> = { dust: 0, essayist: 0 }
  const faults: string[] = []
  const over = new AbortController()

  async function askOnAndOn (agent: string, name: number): Promise<void> {
    const { client } = await connect(t, balancer.address)
    for (let count = 1; !over.signal.aborted; count++) {
      faults.push(...await faultsOf(askAgent(client, agent, `Question ${count} of ${agent}'s asker ${name}?`), dust))
      calls[agent] = (calls[agent] ?? 0) + 1
    }
  }

  const askers = Object.entries(ASKERS).flatMap(([agent, count]) => Array.from({ length: count }, (_, name) => askOnAndOn(agent, name)))
  const asking = Promise.all(askers)
  for (const replica of replicas) {
    await Promise.race([until(async () => (await readMetrics(replica.address)).value(RUNS) > 1), asking])
    const grace = new AbortController()
    const kill = sleep(GRACE_SECONDS * 1000, undefined, { signal: grace.signal }).then(() => replica.stop('SIGKILL'), () => {})
    t.match(await replica.stop('SIGTERM'), { code: 0, signal: null }, 'it ends well, and in time')
    grace.abort()
    await kill
    await replica.start()
    await until(async () => (await fetch(`${replica.address}/ready`)).status === 200)
  }
  over.abort()
  await asking
  t.same(faults, [])
  t.ok(balancer.resumptions >= replicas.length, 'calls went on elsewhere')
  t.comment(`${calls['dust']} short and ${calls['essayist']} long calls, ${balancer.resumptions} resumptions`)
})
