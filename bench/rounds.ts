export interface Rounds {
  rounds: number
  /** One before the first, until the code is warm, which doesn't count. */
  hasWarmUp: boolean
}

/**
 * Measures all contestants in each round, so that whatever else the machine does strikes all of them, and begins each round with another one.
 *
 * @returns what was measured of each contestant, by the round
 */
export async function interleave<Contestant, Sample> (
  contestants: readonly Contestant[], { rounds, hasWarmUp }: Rounds, measure: (contestant: Contestant, isWarmUp: boolean) => Promise<Sample>
): Promise<Map<Contestant, Sample[]>> {
  const samples = new Map<Contestant, Sample[]>(contestants.map((contestant) => [contestant, []]))
  if (hasWarmUp) for (const contestant of contestants) await measure(contestant, true)
  for (let round = 0; round < rounds; round++) {
    const first = round % contestants.length
    for (const contestant of [...contestants.slice(first), ...contestants.slice(0, first)]) samples.get(contestant)?.push(await measure(contestant, false))
  }
  return samples
}
