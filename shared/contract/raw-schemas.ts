/** What a raw record of the formats `text` and `json` is, as schemas for those who write raw records. The deserializer has a reader of its own. */
import { type ZodType, z } from "zod";

/** What settings make the deserializer take besides the usual. */
export interface RawShape {
  /** `LAGS` or `CALENDAR` make features: a record needs none of its own. */
  readonly needsNoFeatures: boolean;
  /** `INPUT_MISSING` is `skip` or `last`: a feature may be null. */
  readonly takesNulls: boolean;
}

/** The shapes, by the names of their files. */
export const RAW_SHAPES: Readonly<Record<string, RawShape>> = {
  record: { needsNoFeatures: false, takesNulls: false },
  "record-lags": { needsNoFeatures: true, takesNulls: false },
  "record-missing": { needsNoFeatures: false, takesNulls: true },
  "record-lags-missing": { needsNoFeatures: true, takesNulls: true },
};

const FORM =
  "one line of JSON in UTF-8 of at most 1 MiB, in which each member stands once. Numbers are those that a double can hold, features at most FEATURES_MAX. The record key names the series.";
const step = z.number().int().describe("the sender's own counter");
const target = z.number();
const listTarget = target.nullable().describe("target; null in a question");

/** One line of JSON, in which each member stands once, which no schema can say. */
export function rawRecordSchema(shape: RawShape): ZodType {
  const { needsNoFeatures, takesNulls } = shape;
  const feature = takesNulls ? z.number().nullable() : z.number();
  const list = needsNoFeatures ? z.tuple([step, listTarget], feature) : z.tuple([step, listTarget, feature], feature);
  const shapes = [
    list.meta({ title: "List", description: "[i, y, x1, ..., xn]" }),
    ...objects(z.array(feature).min(1), needsNoFeatures),
    ...(needsNoFeatures ? [target.meta({ title: "Number", description: "y alone: its series counts i" })] : []),
  ];
  return z.union(shapes).meta({ title: "Raw record", description: `A raw record ${conditionOf(shape)}: ${FORM}` });
}

function objects(x: ZodType, needsNoFeatures: boolean): ZodType[] {
  const features = x.describe("features x1 to xn, as many in each record of a series");
  const or = needsNoFeatures ? ", or where there are none" : "";
  const optional = x.optional().describe(`features x1 to xn; left out in the label of a question${or}`);
  return [
    z
      .strictObject({ i: step, y: target.describe("target"), x: optional })
      .meta({ title: "Observation or label", description: "What is known of step i." }),
    z
      .strictObject({
        i: step,
        y: z.null().optional().describe("null or left out: the label comes later"),
        x: needsNoFeatures ? optional : features,
      })
      .meta({ title: "Question", description: "Is forecast at once; its label has the same series and i." }),
  ];
}

function conditionOf({ needsNoFeatures, takesNulls }: RawShape): string {
  const conditions = [
    "where INPUT_FORMAT is text or json, as it is by default",
    ...(needsNoFeatures ? ["LAGS or CALENDAR make features"] : []),
    ...(takesNulls ? ["INPUT_MISSING is skip or last"] : []),
  ];
  return conditions.join(", and ");
}
