/** The value of a record that is to be JSON. */
import { frameOf } from "../../shared/wire-format.js";

/** What it says, behind the id of a schema too; null where there is no value, undefined where it is no JSON. */
export function jsonOf(value: Buffer | null): unknown {
  try {
    return value === null ? null : JSON.parse((frameOf(value)?.payload ?? value).toString("utf8"));
  } catch {
    return undefined;
  }
}
