/** @typedef {string | { text: string, kind: 'good' | 'warn' | 'bad' | 'soft' }} Cell */

/**
 * The element of the page with this id.
 *
 * @template {Element} Type
 * @param {string} id
 * @param {new () => Type} type
 * @returns {Type}
 */
export function byId (id, type) {
  const element = document.getElementById(id)
  if (element instanceof type) return element
  throw new Error(`The page has no #${id}`)
}

/**
 * Sets a text only when it's another one, so that nobody's selection, or screen reader, is disturbed for nothing.
 *
 * @param {Element} element
 * @param {string} text
 */
export function setText (element, text) {
  if (element.textContent !== text) element.textContent = text
}

/**
 * @param {string} id
 * @param {string | number} value
 */
export function show (id, value) {
  setText(byId(id, HTMLElement), String(value))
}

/**
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {{ className?: string, text?: string }} [options]
 * @param {...Node} children
 */
export function make (name, { className, text } = {}, ...children) {
  const element = document.createElement(name)
  if (className !== undefined) element.className = className
  if (text !== undefined) element.textContent = text
  element.append(...children)
  return element
}

/**
 * Makes the body of a table show these rows, with as little change as can be. The first cell of a row is its head.
 *
 * @param {string} id of the body
 * @param {Cell[][]} rows
 * @param {string} nothing what to say when there are none
 */
export function fillTable (id, rows, nothing) {
  const body = byId(id, HTMLTableSectionElement)
  const heads = [...body.closest('table')?.tHead?.rows[0]?.cells ?? []]
  if (rows.length === 0) {
    if (body.querySelector('.nothing') !== null) return
    const cell = make('td', { className: 'nothing', text: nothing })
    cell.colSpan = heads.length
    body.replaceChildren(make('tr', {}, cell))
    return
  }
  body.querySelector('.nothing')?.parentElement?.remove()
  while (body.rows.length > rows.length) body.rows[body.rows.length - 1]?.remove()
  while (body.rows.length < rows.length) body.append(makeRow(heads))
  for (const [index, row] of rows.entries()) {
    for (const [column, cell] of row.entries()) {
      const element = body.rows[index]?.cells[column]
      if (element === undefined) continue
      const { text, kind } = typeof cell === 'string' ? { text: cell, kind: '' } : cell
      setText(element, text)
      if (element.dataset['kind'] !== kind) element.dataset['kind'] = kind
    }
  }
}

/** @param {HTMLTableCellElement[]} heads whose look the cells below take */
function makeRow (heads) {
  return make('tr', {}, ...heads.map(({ className }, column) => {
    const cell = make(column === 0 ? 'th' : 'td', { className })
    if (column === 0) cell.scope = 'row'
    return cell
  }))
}
