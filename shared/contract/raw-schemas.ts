/** What a raw record of the formats `text` and `json` is, as a schema for those who write raw records. The deserializer has a reader of its own. */
import { z } from "zod";

const step = z.number().int().describe("the sender's own counter");
const target = z.number().describe("target");
const feature = z.number();
const features = z.array(feature).min(1).describe("features x1 to xn, as many in each record of a series");

const list = z
  .tuple([step, z.number().nullable().describe("target; null in a question"), feature], feature)
  .meta({ title: "List", description: "[i, y, x1, ..., xn]" });
const observation = z
  .strictObject({ i: step, y: target, x: features.optional().describe("left out in the label of a question") })
  .meta({ title: "Observation or label", description: "What is known of step i." });
const question = z
  .strictObject({ i: step, y: z.null().optional().describe("null or left out: the label comes later"), x: features })
  .meta({ title: "Question", description: "Is forecast at once; its label has the same series and i." });

/**
 * One line of JSON, in which each member stands once. Where a setting takes more (`LAGS`, `INPUT_MISSING`), that is more than this.
 */
export const rawRecordSchema = z.union([list, observation, question]).meta({
  title: "Raw record",
  description:
    "The value of a raw record where INPUT_FORMAT is text or json, as it is by default: one line of JSON in UTF-8 of at most 1 MiB, in which each member stands once. Numbers are those that a double can hold, features at most FEATURES_MAX. The record key names the series.",
});
