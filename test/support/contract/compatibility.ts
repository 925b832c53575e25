/**
 * What a newer schema does to what others have. Records of older versions stay in topics, and readers of older versions stay in
 * service, so both ways have to hold: every record that one schema takes, the other takes. Only a new member that may be left out
 * passes, and other words in titles and descriptions.
 */
import { isDeepStrictEqual } from "node:util";
import { type JsonSchema, withoutNull } from "../../../shared/contract/json-schema.js";

const WORDS = new Set(["$schema", "$id", "title", "description"]);
/** Keywords that have rules of their own. */
const OWN_RULES = new Set(["anyOf", "type", "enum", "properties", "required", "items"]);

type Keywords = Readonly<Record<string, unknown>>;

/** What breaks a reader or makes records that are there wrong, a sentence each; none where `after` may follow `before`. */
export function breaksOf(before: JsonSchema, after: JsonSchema, at = "record"): string[] {
  const [was, is] = [withoutNull(before), withoutNull(after)];
  const nulls =
    was.isNullable === is.isNullable ? [] : [`${at} ${is.isNullable ? "may be null now" : "is never null now"}`];
  if (was.shapes.length !== is.shapes.length)
    return [...nulls, `${at} had ${was.shapes.length} shapes and has ${is.shapes.length}`];
  return [
    ...nulls,
    ...boundBreaks(besideShapes(before), besideShapes(after), at),
    ...was.shapes.flatMap((shape, k) => shapeBreaks(shape, is.shapes[k], at)),
  ];
}

/** Keywords that hold for all of several schemas. */
function besideShapes(schema: JsonSchema): Keywords {
  return schema.anyOf === undefined ? {} : (schema as Keywords);
}

function shapeBreaks(before: JsonSchema, after: JsonSchema, at: string): string[] {
  if (before.type !== after.type) return [`${at} was of type ${before.type} and is of type ${after.type}`];
  return [
    ...valueBreaks(before.enum ?? [], after.enum ?? [], at),
    ...memberBreaks(before, after, at),
    ...(before.items !== undefined && after.items !== undefined
      ? breaksOf(before.items, after.items, `each of ${at}`)
      : []),
    ...boundBreaks(before as Keywords, after as Keywords, at),
  ];
}

/** Readers match on the values of a closed list: one more is one that they do not know. */
function valueBreaks(was: readonly string[], is: readonly string[], at: string): string[] {
  return [
    ...was.filter((value) => !is.includes(value)).map((value) => `${at} is never ${value} now`),
    ...is.filter((value) => !was.includes(value)).map((value) => `${at} may be ${value} now`),
  ];
}

function memberBreaks(before: JsonSchema, after: JsonSchema, at: string): string[] {
  const [was, is] = [before.properties ?? {}, after.properties ?? {}];
  const [alwaysWas, alwaysIs] = [new Set(before.required), new Set(after.required)];
  const gone = Object.keys(was).filter((name) => !(name in is));
  const added = Object.keys(is).filter((name) => !(name in was) && alwaysIs.has(name));
  const both = Object.keys(was).filter((name) => name in is);
  return [
    ...gone.map((name) => `${name} of ${at} is gone`),
    ...added.map((name) => `${name} of ${at} is new, and records that are there lack it`),
    ...both.flatMap((name) => [
      ...breaksOf(was[name], is[name], `${name} of ${at}`),
      ...(alwaysWas.has(name) && !alwaysIs.has(name) ? [`${name} of ${at} may be left out now`] : []),
      ...(!alwaysWas.has(name) && alwaysIs.has(name) ? [`${name} of ${at} may not be left out now`] : []),
    ]),
  ];
}

/** Every other keyword: bounds of numbers, lengths, constants. */
function boundBreaks(before: Keywords, after: Keywords, at: string): string[] {
  const keywords = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keywords]
    .filter((keyword) => !WORDS.has(keyword) && !OWN_RULES.has(keyword))
    .filter((keyword) => !isDeepStrictEqual(before[keyword], after[keyword]))
    .map((keyword) => `${keyword} of ${at} was ${before[keyword]} and is ${after[keyword]}`);
}

/**
 * Whether a version may break what a released one promised: it has another first number, or, as long as that is 0, another second.
 * @param released as `0.1.0`
 */
export function mayBreak(released: string, version: string): boolean {
  const promise = (text: string) => text.replace(/^(0\.\d+|[1-9]\d*)\..*$/, "$1");
  return promise(released) !== promise(version);
}
