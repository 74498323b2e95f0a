/**
 * Makes work that nobody waits for, such as counting, wait for the end of the turn of the event loop, where all of it is done together:
 * code that was run a moment before takes a fraction of the time that it takes between two requests.
 *
 * @returns takes what is to be worked on
 */
export function atEndOfTurn<Item> (work: (item: Item) => void): (item: Item) => void {
  let waiting: Item[] = []

  function doAll (): void {
    const items = waiting
    waiting = []
    for (const item of items) work(item)
  }

  return (item) => {
    if (waiting.push(item) === 1) setImmediate(doAll)
  }
}
