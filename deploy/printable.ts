/** Text for a terminal: what names and records hold cannot command it. Pure. */

/** Characters that move the cursor, or colour, hide or reverse text: controls, format characters, line separators. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
const SHORT_ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** One line: characters that could command a terminal are escaped. */
export function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, escapeOf);
}

/** As {@link printable}, for text of several lines. */
export function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}

function escapeOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return SHORT_ESCAPES[character] ?? (code < 0x100 ? `\\x${hexDigits(code, 2)}` : `\\u${hexDigits(code, 4)}`);
}

function hexDigits(code: number, digits: number): string {
  return code.toString(16).padStart(digits, "0");
}
