/** Powers of ten, and what is between them. */
const DECIMAL = Array.from({ length: 18 }, (_, index) => [1, 2, 5].map((digit) => digit * 10 ** (index - 6))).flat()
const BINARY = Array.from({ length: 40 }, (_, power) => 2 ** power)
const CLOCK = [...DECIMAL.filter((step) => step < 15), 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600, 86_400]

const STEPS: Record<string, number[]> = { bytes: BINARY, s: CLOCK, dtdurations: CLOCK }

/** How far the ticks of an axis may be apart, so that they are round numbers of the unit. */
export function tickSteps (unit: string): number[] {
  return STEPS[unit] ?? DECIMAL
}
