/** Kinds of finite doubles that are hard to write or to read, each as a source of random ones. */

const words = new Uint32Array(2);
const asDouble = new Float64Array(words.buffer);

function ofBits(lower: number, upper: number): number {
  words[0] = lower;
  words[1] = upper;
  return asDouble[0];
}

const finiteOr = (value: number, other: number): number => (Number.isFinite(value) ? value : other);

/** @param random numbers in [0, 1) */
export function doubleKinds(random: () => number): Readonly<Record<string, () => number>> {
  const bits = (): number => Math.floor(random() * 2 ** 32);
  const below = (count: number): number => Math.floor(random() * count);
  const sign = (): number => (random() < 0.5 ? -1 : 1);
  /** Up to 2 units in the last place away. */
  const near = (value: number): number => {
    asDouble[0] = finiteOr(value, 1);
    return finiteOr(ofBits(words[0] + below(5) - 2, words[1]), 1);
  };
  return {
    "any bits": () => finiteOr(ofBits(bits(), bits()), 1),
    sums: () => (bits() + bits() + bits() + bits() - 2 ** 33) / 2 ** (30 + below(4)) + bits() / 2 ** 70,
    "short decimals": () => (below(2_000_001) - 1_000_000) / 10 ** below(9),
    "whole numbers": () => sign() * Math.floor((bits() * bits()) / 2 ** (6 + below(40))),
    "around 2^53": () => sign() * near(2 ** (45 + below(30)) + below(2 ** 20)),
    "around powers of 2": () => sign() * near(2 ** (below(2098) - 1074)),
    "around powers of 10": () => sign() * near(Number(`${1 + below(99)}e${below(620) - 325}`)),
    denormals: () => ofBits(bits(), below(2 ** 20) * below(2) + 2 ** 31 * below(2)),
  };
}
