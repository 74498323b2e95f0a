/** JSON of results that are the same for everybody, again and again. */
const prepared = new WeakMap<object, string>()

/** Writes a result down as JSON before anybody asks for it. Nobody may change it from then on. */
export function prepare<Result extends object> (result: Result): Result {
  prepared.set(result, JSON.stringify(result))
  return result
}

/** @returns `undefined` for a result that was made for one request */
export function preparedJson (result: object): string | undefined {
  return prepared.get(result)
}
