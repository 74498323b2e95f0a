/**
 * Measures all contestants in each round, so that whatever else the machine does strikes all of them, and begins each round with another one.
 * A round before the first is until the code is warm, and doesn't count.
 *
 * @returns what was measured of each contestant, by the round
 */
export async function interleave<Contestant, Sample> (contestants: readonly Contestant[], rounds: number, measure: (contestant: Contestant, isWarmUp: boolean) => Promise<Sample>): Promise<Map<Contestant, Sample[]>> {
  const samples = new Map<Contestant, Sample[]>(contestants.map((contestant) => [contestant, []]))
  for (const contestant of contestants) await measure(contestant, true)
  for (let round = 0; round < rounds; round++) {
    const first = round % contestants.length
    for (const contestant of [...contestants.slice(first), ...contestants.slice(0, first)]) samples.get(contestant)?.push(await measure(contestant, false))
  }
  return samples
}
