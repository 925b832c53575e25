/** What people write where a table has no value: the one rule for files and records. */

/** As R, pandas, SQL and spreadsheets write it, in any case of letters. */
const MISSING = /^(?:|-|na|n\/a|#n\/a|nan|null|none)$/i;

/** @param text without blanks around it */
export function isMissingText(text: string): boolean {
  return MISSING.test(text);
}
