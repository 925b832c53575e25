/** Doubles as JSON text: the plain way, which the module follows to the byte. */

/** Longest text of a number that is read, in bytes. The longest exact value of a double, -2^-1074 written out, has 1,077. */
export const NUMBER_TEXT_BYTES_MAX = 1100;

/**
 * From this size on a double is written with an exponent. Its digits alone look like an integer: readers with integers of 64
 * bits fail on it, or read an integer that is not the double.
 */
const EXPONENT_MIN = 2 ** 53;

/**
 * JSON text of a finite number, the shortest that reads back as the same double; `-0` keeps its sign.
 * @throws {RangeError} the value is NaN or infinite: JSON has no such number, and none may leave a service
 */
export function finite(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`expected a finite number, got ${value}`);
  if (value >= EXPONENT_MIN || value <= -EXPONENT_MIN) return value.toExponential();
  return value === 0 && Object.is(value, -0) ? "-0" : String(value);
}
