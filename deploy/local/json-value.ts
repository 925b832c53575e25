/** The value of a record that is to be JSON. */

/** What it says; null where there is no value, undefined where it is no JSON. */
export function jsonOf(value: Buffer | null): unknown {
  try {
    return value === null ? null : JSON.parse(value.toString("utf8"));
  } catch {
    return undefined;
  }
}
