import { byId, show } from './dom.js'

const KEY = 'metrics-token'

/** What was put in before in this tab, if anything. It isn't kept any longer than the tab is. */
export function rememberedToken () {
  return sessionStorage.getItem(KEY)
}

/**
 * Shows the form for the token until somebody has put one in.
 *
 * @param {boolean} isWrong whether the one before was refused
 * @returns {Promise<string>}
 */
export async function askForToken (isWrong) {
  sessionStorage.removeItem(KEY)
  const gate = byId('gate', HTMLElement)
  const form = byId('token-form', HTMLFormElement)
  const field = byId('token', HTMLInputElement)
  show('token-fault', isWrong ? 'This token is not the right one.' : '')
  field.setAttribute('aria-invalid', String(isWrong))
  gate.hidden = false
  field.value = ''
  field.focus()
  await new Promise((resolve) => {
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      resolve(undefined)
    }, { once: true })
  })
  const token = field.value.trim()
  field.value = ''
  gate.hidden = true
  sessionStorage.setItem(KEY, token)
  return token
}
