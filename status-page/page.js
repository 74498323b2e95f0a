/** @import { Point } from '../plugins/status/snapshot.ts' */
import { Charts } from './charts.js'
import { showConnecting } from './connect-section.js'
import { byId, show } from './dom.js'
import { count, duration } from './format.js'
import { showSections } from './sections.js'
import { follow } from './stream.js'
import { offerThemes } from './theme.js'
import { askForToken, rememberedToken } from './token.js'

const state = byId('connection', HTMLElement)
const charts = new Charts()
let startedAt = 0
/** @type {string | null} */
let version = null

offerThemes(() => { charts.repaint() })

follow(rememberedToken(), {
  onGreeting: (greeting) => {
    // A new version brings a new page.
    if (version !== null && version !== greeting.version) location.reload()
    version = greeting.version
    startedAt = greeting.startedAt
    show('version', `Version ${greeting.version}`)
    byId('content', HTMLElement).hidden = false
    showConnecting(greeting.connect)
    charts.begin(greeting.history)
  },
  onSnapshot: (snapshot) => {
    say('live', 'Live')
    const { at, point, runs, watchers } = snapshot
    show('uptime', `Up for ${duration((at - startedAt) / 1000)}`)
    show('watchers', `${count(watchers)} watching`)
    showSections(snapshot)
    charts.add(point, withNow(point, at / 1000, runs.inProgress))
  },
  onLost: () => { say('lost', 'No connection to the server. Trying again…') },
  onRefused: (seconds) => { say('lost', `Too many wrong tokens came from here. The next try is in ${duration(seconds)}.`) },
  askForToken: (isWrong) => {
    byId('content', HTMLElement).hidden = true
    say('waiting', 'Waiting for the token')
    return askForToken(isWrong)
  }
}).catch((error) => {
  say('lost', 'This page has a fault: load it again.')
  throw error
})

/**
 * The rates of a moment ago with what is known of now.
 *
 * @param {Point} point
 * @param {number} at
 * @param {number} inProgress
 * @returns {Point}
 */
function withNow ([, operations, failed, p50, p95, , dust, dustFailed], at, inProgress) {
  return [at, operations, failed, p50, p95, inProgress, dust, dustFailed]
}

/**
 * @param {'live' | 'lost' | 'waiting'} kind
 * @param {string} words
 */
function say (kind, words) {
  document.documentElement.dataset['connection'] = kind
  if (state.textContent !== words) state.textContent = words
}
