import { mock } from 'node:test'
import t from 'tap'
import { sampleCpuUsage } from '../../src/cpu-usage.ts'
import { until } from '../helper.ts'

function burn (ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

t.test('is the share of one core in the last full window, user and system together', (t) => {
  let usage = { user: 5_000_000, system: 1_000_000 }
  let now = 100
  mock.timers.enable({ apis: ['setInterval'] })
  mock.method(process, 'cpuUsage', () => usage)
  mock.method(performance, 'now', () => now)
  t.teardown(() => { mock.restoreAll(); mock.timers.reset() })

  const cpu = sampleCpuUsage()
  t.equal(cpu.percent, 0, 'nothing is known before the first window is full')

  usage = { user: 5_200_000, system: 1_050_000 }
  now += 1000
  mock.timers.tick(1000)
  t.equal(cpu.percent, 25)
  t.equal(cpu.percent, 25, 'reading it changes nothing')

  usage = { user: 9_200_000, system: 1_050_000 }
  now += 2000
  mock.timers.tick(1000)
  t.equal(cpu.percent, 200, 'two cores, in a window that a busy event loop has made longer')

  now += 1000
  mock.timers.tick(1000)
  t.equal(cpu.percent, 0)

  cpu.stop()
  usage = { user: 10_200_000, system: 1_050_000 }
  mock.timers.tick(5000)
  t.equal(cpu.percent, 0, 'stopped')
  t.end()
})

t.test('agrees with what the system says of a busy process', async (t) => {
  const cpu = sampleCpuUsage(20)
  t.teardown(() => { cpu.stop() })
  let measured = NaN
  // On a machine that is itself busy a single measurement may be torn: the two don't end at the same moment.
  await until(async () => {
    const last = cpu.percent
    const before = process.cpuUsage()
    const since = performance.now()
    burn(300)
    const { user, system } = process.cpuUsage(before)
    measured = (user + system) / 10 / (performance.now() - since)
    await until(() => cpu.percent !== last)
    return Math.abs(cpu.percent - measured) < 5
  })
  t.comment(`measured ${measured.toFixed(1)} %, sampled ${cpu.percent.toFixed(1)} %`)
  t.ok(cpu.percent > 10, 'and that was not nothing')
})

t.test('two readers at different rhythms read the same', async (t) => {
  const cpu = sampleCpuUsage(1)
  t.teardown(() => { cpu.stop() })
  await until(() => cpu.percent > 0)
  cpu.stop()
  const readings = new Set<number>()
  for (let i = 0; i < 10; i++) {
    readings.add(cpu.percent)
    burn(i)
  }
  t.equal(readings.size, 1)
})
