/** @import { ConnectFacts } from '../plugins/status/snapshot.ts' */
import { clientsFor, placesToFill } from './connect.js'
import { byId, make, setText, show } from './dom.js'

const AUTH = { none: 'No credential is asked for.', token: 'Clients bring a token of AUTH_TOKENS.', oauth: 'Clients log in at your authorization server by themselves.' }

/**
 * Shows how to connect, with the address under which this page was reached unless another one is set.
 *
 * @param {ConnectFacts} facts
 */
export function showConnecting ({ url, authMode, needsDustKey }) {
  const server = { url: url ?? new URL('mcp', document.baseURI).href, authMode, needsDustKey }
  show('mcp-url', server.url)
  show('auth', [AUTH[authMode], placesToFill(server)].filter((words) => words !== null).join(' '))
  byId('clients', HTMLElement).replaceChildren(...clientsFor(server).map(({ name, where, snippet, link }, index) => {
    const code = make('code', { text: snippet })
    const copy = make('button', { text: 'Copy' })
    copy.type = 'button'
    copy.setAttribute('aria-label', `Copy for ${name}`)
    copy.addEventListener('click', () => { copyText(copy, code) })
    const buttons = make('span', { className: 'buttons' }, copy)
    if (link !== null) {
      const open = make('a', { className: 'button', text: `Add to ${name}` })
      open.href = link
      buttons.prepend(open)
    }
    const heading = make('h3', { text: name })
    heading.id = `client-${index}`
    const card = make('section', { className: 'client' }, make('div', { className: 'top' }, heading, buttons), make('p', { text: where }), make('pre', {}, code))
    card.setAttribute('aria-labelledby', heading.id)
    return card
  }))
}

/**
 * @param {HTMLButtonElement} button
 * @param {HTMLElement} code
 */
async function copyText (button, code) {
  try {
    await navigator.clipboard.writeText(code.textContent ?? '')
    say(button, 'Copied')
  } catch {
    // Without TLS a page gets no clipboard, and some browsers ask first: then at least it is selected.
    getSelection()?.selectAllChildren(code)
    say(button, 'Selected: press Ctrl+C')
  }
}

/**
 * @param {HTMLButtonElement} button
 * @param {string} words
 */
function say (button, words) {
  setText(button, words)
  show('announcement', words)
  setTimeout(() => { setText(button, 'Copy') }, 2500)
}
