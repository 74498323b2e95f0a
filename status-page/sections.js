/** @import { Snapshot } from '../plugins/status/snapshot.ts' */
/** @import { Cell } from './dom.js' */
import { byId, fillTable, setText, show } from './dom.js'
import { ago, count, duration, latency, rate, size } from './format.js'

const SOURCES = new Map([['mcp', 'MCP'], ['dust', 'Dust API'], ['http', 'HTTP']])
const HEALTH = new Map([['ok', 'Healthy'], ['degraded', 'Degraded'], ['error', 'Failing']])

/**
 * Shows all that has a number or a line.
 *
 * @param {Snapshot} snapshot
 */
export function showSections (snapshot) {
  showNumbers(snapshot)
  showHealth(snapshot)
  showRuns(snapshot)
  showOperations(snapshot)
  showDust(snapshot)
  showErrors(snapshot)
}

/** @param {Snapshot} snapshot */
function showNumbers ({ sessions, streams, runs, operations, process, point }) {
  const [, operationsPerSecond, failedPerSecond, p50, p95] = point
  show('sessions', count(sessions.active))
  show('sessions-more', sessions.replicas > 1 ? `counted by one of ${count(sessions.replicas)} replicas` : `of at most ${count(sessions.limit)}`)
  show('streams', count(streams.standalone + streams.request))
  show('streams-more', `${count(streams.request)} with answers, ${count(streams.standalone)} for notices`)
  show('runs', count(runs.inProgress))
  show('runs-more', `of at most ${count(runs.limit)}`)
  show('rate', rate(operationsPerSecond))
  show('rate-more', failedPerSecond > 0 ? `${rate(failedPerSecond)} of them failed` : 'none failed')
  show('p50', latency(p50))
  show('p95', `p95 ${latency(p95)}`)
  show('memory', size(process.memoryBytes))
  show('memory-more', `CPU ${count(process.cpuPercent)} % of a core, loop delay ${count(process.eventLoopDelayMs)} ms`)
}

/** @param {Snapshot} snapshot */
function showHealth ({ at, health }) {
  const { status, unreadyBecause, checks } = health
  const badge = byId('health', HTMLElement)
  const isReady = unreadyBecause === null
  setText(badge, isReady ? HEALTH.get(status) ?? status : status === 'ok' ? 'Not ready' : HEALTH.get(status) ?? status)
  badge.dataset['kind'] = status === 'error' ? 'bad' : status === 'degraded' || !isReady ? 'warn' : 'good'
  show('ready', isReady ? '' : `Not ready: ${unreadyBecause}`)
  fillTable('checks', checks.map(({ name, status, reason, latencyMs, checkedAt }) => [
    name,
    { text: status, kind: status === 'ok' ? 'good' : status === 'error' ? 'bad' : 'soft' },
    checkedAt === undefined ? '–' : ago((at - Date.parse(checkedAt)) / 1000),
    latencyMs === undefined ? '–' : `${count(latencyMs)} ms`,
    reason ?? ''
  ]), 'Nothing is checked.')
}

/** @param {Snapshot} snapshot */
function showRuns ({ at, runs }) {
  const { list, listed } = runs
  fillTable('run-list', list.map(({ agent, since, activity, tool, toolCalls }) => [
    agent ?? { text: 'not shown', kind: 'soft' },
    activity === 'waiting for a person' ? { text: activity, kind: 'warn' } : tool === null ? activity : `using ${tool}`,
    duration((at - since) / 1000),
    count(toolCalls)
  ]), 'No agent is at work.')
  const more = listed - list.length
  show('more-runs', more > 0 ? `and ${count(more)} more` : '')
}

/** @param {Snapshot} snapshot */
function showOperations ({ operations }) {
  const { total, failed, inFlight, table } = operations
  show('operations', count(total))
  show('operations-failed', count(failed))
  show('operations-in-flight', count(inFlight))
  fillTable('operation-list', table.map(({ method, tool, count: times, failed, p50, p95 }) => [
    tool ?? method, count(times), warnAbove0(failed), latency(p50), latency(p95)
  ]), 'There was none yet.')
}

/** @param {Snapshot} snapshot */
function showDust ({ at, dust, point, health }) {
  const { requests, failed, retries, p50, p95, failures, agents } = dust
  const check = health.checks.find(({ name }) => name === 'dustApi')
  const state = byId('dust-state', HTMLElement)
  setText(state, check?.status === 'ok' ? 'reached' : check?.status === 'error' ? 'fails' : check?.status === 'off' ? 'not looked at' : 'not known yet')
  state.dataset['kind'] = check?.status === 'ok' ? 'good' : check?.status === 'error' ? 'bad' : 'soft'
  show('dust-requests', count(requests))
  show('dust-rate', `in all, ${rate(point[6])} a second`)
  show('dust-failed', count(failed))
  show('dust-failures', failures.map(({ type, count: times }) => `${type} ${count(times)}`).join(', '))
  show('dust-retries', count(retries))
  show('dust-latency', `${latency(p50)}, p95 ${latency(p95)}`)
  show('dust-agents', agents === null ? 'not listed yet' : `${count(agents.available)}, listed ${ago((at - agents.refreshedAt) / 1000)}`)
}

/** @param {Snapshot} snapshot */
function showErrors ({ at, errors }) {
  fillTable('error-list', errors.map(({ source, name, code, count: times, at: when }) => [
    name, SOURCES.get(source) ?? source, code, count(times), ago((at - when) / 1000)
  ]), 'Nothing has failed since the start.')
}

/**
 * @param {number} number
 * @returns {Cell}
 */
function warnAbove0 (number) {
  return number === 0 ? '0' : { text: count(number), kind: 'bad' }
}
