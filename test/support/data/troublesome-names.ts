/** Names that trouble readers and writers: every code unit, lone surrogates too, and the ends of what ranges and encodings know. */
import fc from "fast-check";

const troubles = [
  "\0",
  "\u0001",
  "/",
  "0",
  "~",
  "\u007f",
  "\u0080",
  "\u07ff",
  "\u0800",
  "\ud800",
  "\udfff",
  "\ufeff",
  "\ufffd",
  "\uffff",
  "😀",
  "\u{10ffff}",
];

/** Any text of a length up to 12, with many of the characters above; and long ones, of characters of one to four bytes. */
export const arbitraryName: fc.Arbitrary<string> = fc.oneof(
  fc.array(fc.constantFrom(...troubles, "a", "é"), { maxLength: 6 }).map((parts) => parts.join("")),
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.tuple(fc.constantFrom("a", "é", "€", "😀"), fc.nat(256)).map(([character, count]) => character.repeat(count)),
  fc.array(fc.nat(0xffff), { maxLength: 6 }).map((units) => String.fromCharCode(...units)),
);
