/** Labels of metrics whose text others choose: names of series and topics. Bounded, since each scrape carries all of them. */
import { createHash } from "node:crypto";

/** Characters of a label. */
export const LABEL_LENGTH_MAX = 128;
/** Hexadecimal digits that tell names apart that begin the same. */
const DIGITS = 8;
/** Takes the place of every name beyond the first so many. No topic and no setting has such a name. */
export const OTHER_NAMES = "(others)";

/** A name as a label: whole, or its beginning, `…` and digits of its SHA-256 where it is longer than {@link LABEL_LENGTH_MAX}. */
export function labelOf(name: string): string {
  if (name.length <= LABEL_LENGTH_MAX) return name;
  const digits = createHash("sha256").update(name).digest("hex").slice(0, DIGITS);
  // Half of a pair of surrogates is no text.
  return `${name.slice(0, LABEL_LENGTH_MAX - DIGITS - 1).toWellFormed()}…${digits}`;
}

/** Gives a label to each of the first so many names, and {@link OTHER_NAMES} to all others. */
export class BoundedLabels {
  readonly #max: number;
  readonly #labels = new Map<string, string>();

  constructor(max: number) {
    this.#max = max;
  }

  /** The same label for the same name, always. Cheap: called at every record. */
  of(name: string): string {
    const known = this.#labels.get(name);
    if (known !== undefined) return known;
    if (this.#labels.size >= this.#max) return OTHER_NAMES;
    const label = labelOf(name);
    this.#labels.set(name, label);
    return label;
  }
}
