export interface Rounds {
  rounds: number
  /** One before the first, until the code is warm, which doesn't count. */
  hasWarmUp: boolean
}

/** The contestants as they have their turn in a round: each round begins with another one. */
export function inTurn<Contestant> (contestants: readonly Contestant[], round: number): Contestant[] {
  const first = round % contestants.length
  return [...contestants.slice(first), ...contestants.slice(0, first)]
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
    for (const contestant of inTurn(contestants, round)) samples.get(contestant)?.push(await measure(contestant, false))
  }
  return samples
}
