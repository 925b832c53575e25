/**
 * What `ast.literal_eval` of the notebook took for a list of numbers, one form each, and what becomes of it here: a few are
 * JSON as well and are observations, the rest are refused. A sender of Python's `str(list)` is served; one of tuples,
 * underscores or complex numbers is told so by its dead letters.
 */
import type { ObservationFault } from "../../../services/deserializer/text-cursor.js";

/** A literal of Python and its fate. */
export interface PythonLiteral {
  readonly name: string;
  readonly text: string;
  readonly fate: "accepted" | ObservationFault;
}

/** A list whose last member is `x`. */
const last = (name: string, x: string, fate: PythonLiteral["fate"]): PythonLiteral => ({
  name,
  text: `[0, 1.5, ${x}]`,
  fate,
});
/** A whole record. */
const whole = (name: string, text: string, fate: PythonLiteral["fate"]): PythonLiteral => ({ name, text, fate });

export const PYTHON_LITERALS: readonly PythonLiteral[] = [
  whole("str() of a list", "[0, 1.5, -2.25]", "accepted"),
  whole("str() of a list with blanks around it", "  [0, 1.5, -2.25]  ", "accepted"),
  last("a float's repr with an exponent", "1e-07", "accepted"),
  last("a float's repr with a signed exponent", "1e+16", "accepted"),
  last("minus zero", "-0.0", "accepted"),
  last("the least denormal", "5e-324", "accepted"),
  last("an int beyond 2^53", "9007199254740993", "accepted"),
  last("an int of 30 digits", "123456789012345678901234567890", "accepted"),
  last("float('inf')'s repr", "inf", "not-finite"),
  last("float('nan')'s repr", "nan", "not-finite"),
  last("a float beyond a double", "1e999", "not-finite"),
  last("a plus sign", "+1", "not-a-number"),
  last("two minus signs", "--1", "not-a-number"),
  last("a float without digits behind the point", "1.", "not-a-number"),
  last("a float without digits before the point", ".5", "not-a-number"),
  last("underscores", "1_000", "not-a-number"),
  last("underscores behind the point", "1.000_1", "not-a-number"),
  last("a hexadecimal number", "0xFF", "not-a-number"),
  last("an octal number", "0o17", "not-a-number"),
  last("a binary number", "0b101", "not-a-number"),
  last("an imaginary number", "1j", "not-a-number"),
  last("a complex number", "1+2j", "not-a-number"),
  last("a complex number in parentheses", "(1+2j)", "not-a-number"),
  last("zeros", "00", "not-a-number"),
  last("True", "True", "not-a-number"),
  last("False", "False", "not-a-number"),
  last("None", "None", "not-a-number"),
  last("an Ellipsis", "...", "not-a-number"),
  last("a number in parentheses", "(1)", "not-a-number"),
  last("a text of a number", "'1'", "not-a-number"),
  last("a text in double quotes", '"1"', "not-a-number"),
  last("a text in three quotes", "'''1'''", "not-a-number"),
  last("two texts side by side", "'1' '2'", "not-a-number"),
  last("a raw text", "r'1'", "not-a-number"),
  last("bytes", "b'1'", "not-a-number"),
  last("a tuple in the list", "(1, 2)", "not-a-number"),
  last("an empty tuple in the list", "()", "not-a-number"),
  last("a set in the list", "{1}", "nesting"),
  last("a dictionary in the list", "{'x': 1}", "nesting"),
  last("a list in the list", "[1]", "nesting"),
  last("an empty list in the list", "[]", "nesting"),
  whole("a trailing comma", "[0, 1.5, 2,]", "not-an-observation"),
  whole("a comment behind", "[0, 1.5, 2] # fine", "not-an-observation"),
  whole("a comment inside", "[0, 1.5, # y\n2]", "not-a-number"),
  whole("a continued line", "[0, 1.5, \\\n2]", "not-a-number"),
  whole("a list over lines", "[0,\n1.5,\n2]", "not-an-observation"),
  whole("a tuple", "(0, 1.5, 2)", "not-an-observation"),
  whole("a tuple without parentheses", "0, 1.5, 2", "not-an-observation"),
  whole("a list in parentheses", "([0, 1.5, 2])", "not-an-observation"),
  whole("a tuple of a list", "([0, 1.5, 2],)", "not-an-observation"),
  whole("a set", "{0, 1.5, 2}", "not-an-observation"),
  whole("a dictionary with single quotes", "{'i': 0, 'y': 1.5, 'x': [2]}", "not-an-observation"),
  whole("a dictionary with a tuple", '{"i": 0, "y": 1.5, "x": (2,)}', "not-an-observation"),
  whole("a dictionary with a trailing comma", '{"i": 0, "y": 1.5, "x": [2],}', "not-an-observation"),
  whole("the text of a list", "'[0, 1.5, 2]'", "not-an-observation"),
  whole("the bytes of a list", "b'[0, 1.5, 2]'", "not-an-observation"),
  whole("None alone", "None", "not-an-observation"),
  whole("True alone", "True", "not-an-observation"),
  whole("a sum", "[0, 1.5, 1 + 1]", "not-an-observation"),
];
