/** The running scale of values that are not negative: it fades, and one outlier moves it at most twofold. Pure. */

/**
 * One step: a value at first, then min(a + max(1/m, rate) (v − a), 2a).
 * @param a    scale so far; 0 where there is none, or every value was 0
 * @param v    value, not negative
 * @param m    number of the value, from 1
 * @param rate the least share that a new value has, in (0, 1]
 */
export function scaleStep(a: number, v: number, m: number, rate: number): number {
  return a === 0 ? v : Math.min(a + Math.max(1 / m, rate) * (v - a), 2 * a);
}
