import { byId, setText } from './dom.js'

const KEY = 'theme'
const THEMES = ['system', 'light', 'dark']

/**
 * Lets people choose light or dark against their system.
 *
 * @param {() => void} onChange also when the system changes
 */
export function offerThemes (onChange) {
  const button = byId('theme', HTMLButtonElement)
  let theme = localStorage.getItem(KEY) ?? 'system'
  const wear = () => {
    document.documentElement.dataset['theme'] = theme
    setText(button, `Theme: ${theme}`)
    onChange()
  }
  button.addEventListener('click', () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'system'
    localStorage.setItem(KEY, theme)
    wear()
  })
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', onChange)
  wear()
}
