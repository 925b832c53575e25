/**
 * Payloads that are no observation, each with the reason for which it must be refused. They stand for what arrives on a
 * topic that anyone may write: mistakes of senders, habits of other languages, attempts on parsers.
 */
import type { ObservationFault } from "../../../services/deserializer/text-cursor.js";
import { PYTHON_LITERALS } from "./poison-literals.js";

/** A value that must be refused. */
export interface Poison {
  readonly name: string;
  /** The record's value, null where it has none. */
  readonly bytes: Buffer | null;
  readonly reason: ObservationFault;
}

const text = (name: string, value: string, reason: ObservationFault): Poison => ({
  name,
  bytes: Buffer.from(value, "utf8"),
  reason,
});
const hex = (name: string, value: string, reason: ObservationFault): Poison => ({
  name,
  bytes: Buffer.from(value.replaceAll(" ", ""), "hex"),
  reason,
});
/** An observation but for one number, which is `number`. */
const inPlaceOf = (place: "i" | "y" | "x", number: string): string =>
  `[${place === "i" ? number : 0}, ${place === "y" ? number : 1.5}, ${place === "x" ? number : -2}, 3]`;
const digits = (count: number): string => "1234567890".repeat(count / 10);

const nothing: readonly Poison[] = [
  { name: "null value", bytes: null, reason: "null-value" },
  text("empty value", "", "empty"),
  text("blanks", "   ", "empty"),
  text("a line end", "\n", "empty"),
  text("blanks, tabs and line ends", " \t\r\n \n", "empty"),
];

const encodings: readonly Poison[] = [
  hex("a lone continuation byte", "80", "not-utf8"),
  hex("a list with a byte outside UTF-8 for a number", "5b 30 2c ff 2c 31 5d", "not-utf8"),
  hex("a list followed by a byte outside UTF-8", "5b 30 2c 31 2c 32 5d c3", "not-utf8"),
  hex("an overlong bracket", "c1 9b 30 2c 31 2c 32 5d", "not-utf8"),
  hex("a surrogate in UTF-8", "5b 30 2c 31 2c ed a0 80 5d", "not-utf8"),
  hex("a code point above U+10FFFF", "5b 30 2c 31 2c f4 90 80 80 5d", "not-utf8"),
  hex("a member name outside UTF-8", "7b 22 e9 22 3a 31 7d", "not-utf8"),
  { name: "Latin-1 text", bytes: Buffer.from("[0, 1, 2] é", "latin1"), reason: "not-utf8" },
  { name: "random bytes", bytes: Buffer.from("9f86d081884c7d659a2feaa0c55ad015", "hex"), reason: "not-utf8" },
  { name: "gzip", bytes: Buffer.from("1f8b0800000000000003", "hex"), reason: "not-utf8" },
  { name: "UTF-16 with its mark", bytes: Buffer.from("\ufeff[0,1,2]", "utf16le"), reason: "not-utf8" },
  { name: "UTF-16 without a mark", bytes: Buffer.from("[0,1,2]", "utf16le"), reason: "not-a-number" },
  text("a byte order mark", "\ufeff[0, 1, 2]", "not-an-observation"),
  text("a NUL in front", "\0[0, 1, 2]", "not-an-observation"),
  text("a NUL behind", "[0, 1, 2]\0", "not-an-observation"),
  text("a NUL inside a number", "[0, 1\x002, 2]", "not-a-number"),
  text("a no-break space", "[0,\u00a01, 2]", "not-a-number"),
  text("Arabic digits", "[0, ١, ٢]", "not-a-number"),
  text("fullwidth digits", "[0, １, ２]", "not-a-number"),
  text("a minus sign that is not ASCII", "[0, −1, 2]", "not-a-number"),
  text("brackets that are not ASCII", "［0, 1, 2］", "not-an-observation"),
  hex("a Confluent schema header before JSON", "00 00 00 00 01 5b 30 2c 31 2c 32 5d", "not-an-observation"),
];

const frames: readonly Poison[] = [
  text("a number", "1.5", "not-an-observation"),
  text("null", "null", "not-an-observation"),
  text("true", "true", "not-an-observation"),
  text("a string", '"[0, 1, 2]"', "not-an-observation"),
  text("comma-separated values", "0,1,2", "not-an-observation"),
  text("XML", "<record i='0'><y>1</y></record>", "not-an-observation"),
  text("YAML", "- 0\n- 1\n- 2", "not-an-observation"),
  text("InfluxDB line protocol", "weather,location=us temperature=82 1465839830100400200", "not-an-observation"),
  text("a list without its end", "[0, 1, 2", "not-an-observation"),
  text("a list without its start", "0, 1, 2]", "not-an-observation"),
  text("a list with the wrong end", "[0, 1, 2}", "not-an-observation"),
  text("a list with two ends", "[0, 1, 2]]", "not-an-observation"),
  text("an opening bracket", "[", "not-an-observation"),
  text("an opening brace", "{", "not-an-observation"),
  text("a list followed by text", "[0, 1, 2] ok", "not-an-observation"),
  text("two lists in a line", "[0, 1, 2] [1, 1, 2]", "not-an-observation"),
  text("two lists in two lines", "[0, 1, 2]\n[1, 1, 2]", "not-an-observation"),
  text("a list over two lines", "[0, 1,\n 2]", "not-an-observation"),
  text("a line end in front", "\n[0, 1, 2]", "not-an-observation"),
  text("two line ends", "[0, 1, 2]\n\n", "not-an-observation"),
  text("a form feed", "[0, 1,\f2]", "not-a-number"),
  text("a trailing comma", "[0, 1, 2, ]", "not-an-observation"),
  text("a leading comma", "[, 0, 1, 2]", "not-an-observation"),
  text("two commas", "[0,, 1, 2]", "not-an-observation"),
  text("semicolons", "[0; 1; 2]", "not-a-number"),
  text("blanks instead of commas", "[0 1 2]", "not-an-observation"),
  text("numpy's print", "[ 0.  1.5 -2. ]", "not-a-number"),
  text("a comment", "[0, 1, 2] // fine", "not-an-observation"),
  text("a comment inside", "[0, /* y */ 1, 2]", "not-a-number"),
];

const arities: readonly Poison[] = [
  text("an empty list", "[]", "arity"),
  text("an empty list with blanks", "[  ]", "arity"),
  text("i alone", "[0]", "arity"),
  text("no feature", "[0, 1.5]", "arity"),
  text("an object without features", '{"i": 0, "y": 1.5, "x": []}', "arity"),
  text("more features than are taken", `[0, 1.5${", 1".repeat(1001)}]`, "arity"),
  text("an object with more features than are taken", `{"i":0,"y":1,"x":[1${",1".repeat(1000)}]}`, "arity"),
  text("400,000 numbers", `[0${",1".repeat(400_000)}]`, "arity"),
];

const noNumbers = [
  ...["None", "True", "False", "null", "true", "undefined", '"1"', '""', "''", "'1'", "b'1'", "x", "$", "`1`"],
  ...["0x10", "0b1", "0o7", "010", "00", "-01", "1_000", "1j", "1+2j", "1n", "1L", "1f", "1%", "1/2", "1:2"],
  ...["+1", ".5", "-.5", "1.", "-", "--1", "- 1", "-+1", "1e", "1e+", "1e1.5", "1.5.2", "1E++1", "1,5e", "e5"],
];

const numbers: readonly Poison[] = [
  ...noNumbers.map((word) => text(`${word} for a number`, inPlaceOf("x", word), "not-a-number")),
  ...noNumbers
    .filter((word) => !word.includes(",") && word !== "null")
    .map((word) => text(`${word} for y in an object`, `{"i": 0, "y": ${word}, "x": [2]}`, "not-a-number")),
  ...["NaN", "-NaN", "nan", "Infinity", "-Infinity", "inf", "-inf"].map((word) =>
    text(`${word} for a number`, inPlaceOf("y", word), "not-finite"),
  ),
  ...["INF", "+Infinity", "Infinity1", "-Infinityy", "NaNa"].map((word) =>
    text(`${word} for a number`, inPlaceOf("y", word), "not-a-number"),
  ),
  ...["1e999", "-1e999", "1e309", "1.7976931348623159e308", "1e99999999999999999999", digits(400)].map((word) =>
    text(`${word.slice(0, 30)}, beyond a double`, inPlaceOf("y", word), "not-finite"),
  ),
  text("a feature beyond a double", inPlaceOf("x", "-1e400"), "not-finite"),
  text("an i beyond a double", inPlaceOf("i", "1e400"), "not-finite"),
  ...["0.5", "1e-3", "9007199254740992", "-9007199254740992", "9007199254740993", "1e300"].map((word) =>
    text(`i = ${word}`, inPlaceOf("i", word), "not-an-integer"),
  ),
  text("i = 0.5 in an object", '{"i": 0.5, "y": 1, "x": [2]}', "not-an-integer"),
];

const objects: readonly Poison[] = [
  text("an empty object", "{}", "not-an-observation"),
  text("no i", '{"y": 1, "x": [2]}', "wrong-members"),
  text("neither y nor x", '{"i": 0}', "wrong-members"),
  text("no y but null, and no x", '{"i": 0, "y": null}', "wrong-members"),
  text("y null and then a number", '{"i": 0, "y": null, "y": 1, "x": [2]}', "wrong-members"),
  text("no i in a question", '{"x": [2]}', "wrong-members"),
  text("null for i", "[null, 1, 2]", "not-a-number"),
  text("nulls for y", "[0, nulls, 2]", "not-a-number"),
  text("null and a number for y", "[0, null 1, 2]", "not-an-observation"),
  text("Null for y", '{"i": 0, "y": Null, "x": [2]}', "not-a-number"),
  text("a question of no features", "[0, null]", "arity"),
  text("i twice", '{"i": 0, "i": 0, "y": 1, "x": [2]}', "wrong-members"),
  text("y twice", '{"i": 0, "y": 1, "y": 1, "x": [2]}', "wrong-members"),
  text("x twice", '{"i": 0, "y": 1, "x": [2], "x": [3]}', "wrong-members"),
  text("one more member", '{"i": 0, "y": 1, "x": [2], "z": 3}', "wrong-members"),
  text("a longer member name", '{"ii": 0, "y": 1, "x": [2]}', "wrong-members"),
  text("an empty member name", '{"": 0, "y": 1, "x": [2]}', "wrong-members"),
  text("an upper-case member name", '{"I": 0, "y": 1, "x": [2]}', "wrong-members"),
  text("an escaped member name", '{"\\u0069": 0, "y": 1, "x": [2]}', "wrong-members"),
  text("__proto__", '{"__proto__": {"polluted": true}, "i": 0, "y": 1, "x": [2]}', "wrong-members"),
  text("__proto__ at the end", '{"i": 0, "y": 1, "x": [2], "__proto__": {"polluted": true}}', "wrong-members"),
  text("constructor", '{"constructor": {"prototype": {"polluted": true}}}', "wrong-members"),
  text("an envelope", '{"schema": {"type": "struct"}, "payload": {"i": 0, "y": 1, "x": [2]}}', "wrong-members"),
  text("member names without quotes", "{i: 0, y: 1, x: [2]}", "not-an-observation"),
  text("member names in single quotes", "{'i': 0, 'y': 1, 'x': [2]}", "not-an-observation"),
  text("a trailing comma in an object", '{"i": 0, "y": 1, "x": [2],}', "not-an-observation"),
  text("no colon", '{"i" 0, "y": 1, "x": [2]}', "not-an-observation"),
  text("no comma between members", '{"i": 0 "y": 1, "x": [2]}', "not-an-observation"),
  text("an object without its end", '{"i": 0, "y": 1, "x": [2]', "not-an-observation"),
  text("an object with the wrong end", '{"i": 0, "y": 1, "x": [2]]', "not-an-observation"),
  text("a member without a value", '{"i": , "y": 1, "x": [2]}', "not-an-observation"),
  text("a name without its end", '{"i', "wrong-members"),
  text("x is a number", '{"i": 0, "y": 1, "x": 2}', "not-an-observation"),
  text("x is null", '{"i": 0, "y": 1, "x": null}', "not-an-observation"),
  text("x is a text", '{"i": 0, "y": 1, "x": "[2]"}', "not-an-observation"),
  text("NaN in an object", '{"i": 0, "y": NaN, "x": [2]}', "not-finite"),
];

const nestings: readonly Poison[] = [
  text("a list in a list", "[0, 1, [2, 3]]", "nesting"),
  text("a list of one list", "[[0, 1, 2]]", "nesting"),
  text("a list of records", "[[0, 1, 2], [1, 1, 2]]", "nesting"),
  text("an object in a list", '[0, 1, {"x1": 2}]', "nesting"),
  text("a list for y", '{"i": 0, "y": [1], "x": [2]}', "nesting"),
  text("a list in x", '{"i": 0, "y": 1, "x": [[2]]}', "nesting"),
  text("an object for x", '{"i": 0, "y": 1, "x": {"x1": 2}}', "nesting"),
  text("10,000 lists in each other", `${"[".repeat(10_000)}1${"]".repeat(10_000)}`, "nesting"),
  text("10,000 lists in the last place", `[0, 1, ${"[".repeat(10_000)}1${"]".repeat(10_000)}]`, "nesting"),
  text("10,000 objects in each other", `${'{"i":'.repeat(10_000)}1${"}".repeat(10_000)}`, "nesting"),
  text("half a million opening brackets", "[".repeat(500_000), "nesting"),
  text("200 opening parentheses", "(".repeat(200), "not-an-observation"),
];

const lengths: readonly Poison[] = [
  text("0.9 MB of digits", digits(900_000), "not-an-observation"),
  text("0.9 MB of digits for a number", inPlaceOf("x", digits(900_000)), "too-long"),
  text("0.9 MB of decimals", inPlaceOf("x", `0.${digits(900_000)}`), "too-long"),
  text("0.9 MB of digits in an exponent", inPlaceOf("x", `1e${digits(900_000)}`), "too-long"),
  text("0.9 MB of zeros in an exponent", inPlaceOf("x", `1e${"0".repeat(900_000)}`), "too-long"),
  text("0.9 MB of blanks", " ".repeat(900_000), "empty"),
  text("0.9 MB of blanks and a letter", `${" ".repeat(900_000)}x`, "not-an-observation"),
  text("0.9 MB of minus signs", inPlaceOf("x", "-".repeat(900_000)), "not-a-number"),
  text("0.9 MB of letters for a number", inPlaceOf("x", "N".repeat(900_000)), "not-a-number"),
  text("0.9 MB of a text without an end", `["${"a".repeat(900_000)}`, "not-a-number"),
  text("a member name of 0.9 MB", `{"${"i".repeat(900_000)}": 0}`, "wrong-members"),
];

const python: readonly Poison[] = [
  text("a tuple", "(0, 1, 2)", "not-an-observation"),
  text("a tuple without brackets", "0, 1, 2", "not-an-observation"),
  text("a list of a tuple", "[(0, 1, 2)]", "not-a-number"),
  text("a set", "{0, 1, 2}", "not-an-observation"),
  text("a dictionary of numbers", "{0: 1, 2: 3}", "not-an-observation"),
  text("bytes", "b'[0, 1, 2]'", "not-an-observation"),
  text("a numpy array", "array([0., 1., 2.])", "not-an-observation"),
  text("numpy numbers", "[np.float64(0.0), np.float64(1.5), np.float64(2.0)]", "not-a-number"),
  text("an Ellipsis", "[0, 1, ...]", "not-a-number"),
  text("an empty list constructor", "list()", "not-an-observation"),
  ...PYTHON_LITERALS.flatMap(({ name, text: literal, fate }) =>
    fate === "accepted" ? [] : [text(`Python: ${name}`, literal, fate)],
  ),
  text("a sum of 200,000 terms", `[0, 1, 0${"+0".repeat(200_000)}]`, "not-a-number"),
];

const code: readonly Poison[] = [
  text("a Python import", "__import__('os').system('touch polluted')", "not-an-observation"),
  text("a Python import in a list", "[0, 1, __import__('os').system('touch polluted')]", "not-a-number"),
  text("a list comprehension", "[c for c in ().__class__.__base__.__subclasses__()]", "not-a-number"),
  text("a call", "process.exit(1)", "not-an-observation"),
  text("a call in a list", "[0, 1, process.exit(1)]", "not-a-number"),
  text("a function that is called at once", "(function(){globalThis.polluted = true})()", "not-an-observation"),
  text("a function's constructor", "[0, 1, [].constructor.constructor('polluted = true')()]", "nesting"),
  text("a require", "require('child_process').execSync('touch polluted')", "not-an-observation"),
  text("a template string", `[0, 1, \`\${globalThis.polluted = true}\`]`, "not-a-number"),
  text("a shell substitution", "[0, 1, $(touch polluted)]", "not-a-number"),
  text("SQL", "'; DROP TABLE observations; --", "not-an-observation"),
  text("a Log4j look-up", `\${jndi:ldap://example.invalid/a}`, "not-an-observation"),
  text("a script element", "<script>polluted = true</script>", "not-an-observation"),
  text("terminal control", "\u001b[2J\u001b]0;polluted\u0007", "not-an-observation"),
  text("line ends for a log", '[0, 1, 2]\r\n{"level": 60, "msg": "polluted"}', "not-an-observation"),
  text("a YAML tag", "!!python/object/apply:os.system ['touch polluted']", "not-an-observation"),
];

/** Every poison that fits into a record of a Kafka with default limits, by kind. */
export const POISON: readonly Poison[] = [
  nothing,
  encodings,
  frames,
  arities,
  numbers,
  objects,
  nestings,
  lengths,
  python,
  code,
].flat();

/** Poison above 1,000,000 bytes: a client with default limits does not even write it. */
export const OVERSIZE_POISON: readonly Poison[] = [
  text("a good observation of 1 MiB and one byte", `[0, 1, 2${" ".repeat(2 ** 20 - 8)}]`, "too-long"),
  text("5 MB in a line", `[0, 1, ${"2, ".repeat(1_700_000)}2]`, "too-long"),
];
