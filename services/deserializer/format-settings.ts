/** Settings of how the raw records of each topic are read. */
import { type Settings, setting } from "../../shared/config.js";
import { separatorNames, separators } from "../../shared/separators.js";
import { type TimeUnit, timeUnits } from "../../shared/time-text.js";
import { byTopic, strayTopics, valueFor, wordByTopic } from "../../shared/topic-setting.js";
import { type FieldName, fieldList, fieldName, optionalField } from "./field-name.js";
import { type LagSettings, topicLags } from "./lag-settings.js";

const FORMATS = ["text", "json", "fields", "csv"] as const;
const ENCODINGS = ["text", "registry"] as const;
const NUMBER_RULES = ["strict", "text", "comma"] as const;
const BOOLEAN_RULES = ["reject", "number"] as const;
const REPARTITION = ["on", "off"] as const;
const MISSING_RULES = ["reject", "skip", "last"] as const;

/** The counter that counts the records of each series. */
const COUNTED = "count";

/** A setting that says nothing of any topic. */
const NONE = { all: undefined, topics: new Map<string, never>() };

const FIELD = "the name of a field";
const FIELD_LIST = "different names of fields separated by commas";

/** `fields` and `csv` are formats whose fields have names: all settings behind the first are theirs. */
export const formatSettings = {
  inputFormat: setting("INPUT_FORMAT", wordByTopic(FORMATS), {
    default: "text",
    doc: 'What raw records are: `text` or `json` (either reads `[i, y, x1, ...]` and `{"i":, "y":, "x": []}`), `fields` (a JSON object with named fields), `csv` (one line with named columns). This and the other INPUT_ settings of formats hold by topic where that is wanted: `rawA:fields;rawB:csv`, see [formats](formats.md)',
  }),
  inputEncoding: setting("INPUT_ENCODING", wordByTopic(ENCODINGS), {
    default: "text",
    doc: "How raw records are encoded: `text`, or as the schema in a `registry` says whose id they begin with, which may be of Avro, JSON Schema or Protobuf; what they say is then read as INPUT_FORMAT has it, `json` or `fields`. Needs SCHEMA_REGISTRY_URL",
  }),
  inputColumns: setting("INPUT_COLUMNS", byTopic(fieldList, FIELD_LIST), {
    default: "",
    doc: "`csv`: the columns of a line in their order, separated by commas",
  }),
  inputSeparator: setting("INPUT_SEPARATOR", wordByTopic(separatorNames), {
    default: "comma",
    doc: "`csv`: what stands between two columns: `comma`, `semicolon`, `tab` or `pipe`",
  }),
  inputTarget: setting("INPUT_TARGET", byTopic(fieldName, FIELD), {
    default: "y",
    doc: "`fields`, `csv`: the field of the target; nested ones by path, `sensor.temperature` or `values.0`; a record without a value there is a question whose label comes later",
  }),
  inputFeatures: setting("INPUT_FEATURES", byTopic(fieldList, FIELD_LIST), {
    default: "",
    doc: "`fields`, `csv`: the fields of the features in their order, separated by commas; where empty, `csv` takes every column that no other setting names",
  }),
  inputSeries: setting("INPUT_SERIES", byTopic(fieldList, FIELD_LIST), {
    default: "",
    doc: "`fields`, `csv`: the field that names the series, or several separated by commas, whose texts are joined by `/`; where empty, the record's key does",
  }),
  inputRepartition: setting("INPUT_REPARTITION", wordByTopic(REPARTITION), {
    default: "on",
    doc: "With INPUT_SERIES: `on` brings each record to the partition of its series first, through a topic of the deserializer's own; `off` takes records where they are, which is right, and half the work, where the topic has one partition or the records' key is that field",
  }),
  inputCounter: setting("INPUT_COUNTER", byTopic(counterField, `${FIELD}, or count`), {
    default: COUNTED,
    doc: "`fields`, `csv`: the field of i, or `count` to count the records of each series from 0 (a field of that name is `\\count`)",
  }),
  inputTime: setting("INPUT_TIME", byTopic(optionalField, FIELD), {
    default: "",
    doc: "`fields`, `csv`: the field of the record's time, which its results bear; where empty, the record's timestamp",
  }),
  inputTimeUnit: setting("INPUT_TIME_UNIT", wordByTopic(timeUnits), {
    default: "iso",
    doc: "How INPUT_TIME is written: `iso` (ISO 8601, UTC where it says nothing else), or as the time since 1970 in `s`, `ms` or `us`",
  }),
  inputNumbers: setting("INPUT_NUMBERS", wordByTopic(NUMBER_RULES), {
    default: "strict",
    doc: "Numbers that are written as text: `strict` rejects them in JSON, `text` reads them, `comma` reads them with a decimal comma. Cells of CSV are always text, with a decimal comma under `comma`",
  }),
  inputBooleans: setting("INPUT_BOOLEANS", wordByTopic(BOOLEAN_RULES), {
    default: "reject",
    doc: "true and false where a number is expected: `reject` the record, or take the `number` 1 and 0",
  }),
  inputMissing: setting("INPUT_MISSING", wordByTopic(MISSING_RULES), {
    default: "reject",
    doc: "A feature without a value, in `text` and `json` a null: `reject` the record, `skip` it, or take the `last` value of the feature in the series; the latter two are counted",
  }),
};

export type FormatSettings = Settings<typeof formatSettings>;

/** Whether the records of a topic begin with the id of a schema. */
export function isEncoded({ inputEncoding }: FormatSettings, topic: string): boolean {
  return valueFor(inputEncoding, topic, "text") === "registry";
}

/** How the records of one topic are read, where their fields have names. */
export interface NamedFormat {
  readonly topic: string;
  readonly kind: "fields" | "csv";
  /** Of CSV, in their order. */
  readonly columns: readonly FieldName[];
  readonly separator: string;
  readonly target: FieldName;
  readonly features: readonly FieldName[];
  readonly series: readonly FieldName[];
  /** Whether records may lie in other partitions than their series. */
  readonly isSpread: boolean;
  /** Undefined where records are counted. */
  readonly counter: FieldName | undefined;
  /** Undefined where the record's own timestamp is its time. */
  readonly time: FieldName | undefined;
  readonly timeUnit: TimeUnit;
  readonly numbers: (typeof NUMBER_RULES)[number];
  readonly booleans: (typeof BOOLEAN_RULES)[number];
  readonly missing: MissingRule;
}

/** What becomes of a record where a feature is missing. */
export type MissingRule = (typeof MISSING_RULES)[number];

/** The format of a topic; undefined where it is `text` or `json`. */
export function namedFormat(settings: FormatSettings, topic: string): NamedFormat | undefined {
  const kind = valueFor(settings.inputFormat, topic, "text");
  if (kind === "text" || kind === "json") return undefined;
  const columns = valueFor(settings.inputColumns, topic, []);
  const target = valueFor(settings.inputTarget, topic, { name: "y", path: ["y"] });
  const series = valueFor(settings.inputSeries, topic, []);
  const counter = valueFor(settings.inputCounter, topic, COUNTED);
  const time = valueFor(settings.inputTime, topic, "");
  const named = valueFor(settings.inputFeatures, topic, []);
  const other = new Set(
    [target, ...series, counter, time].map((field) => (typeof field === "string" ? "" : field.name)),
  );
  return {
    topic,
    kind,
    columns,
    separator: separators[valueFor(settings.inputSeparator, topic, "comma")],
    target,
    features: kind === "csv" && named.length === 0 ? columns.filter(({ name }) => !other.has(name)) : named,
    series,
    isSpread: series.length > 0 && valueFor(settings.inputRepartition, topic, "on") === "on",
    counter: typeof counter === "string" ? undefined : counter,
    time: typeof time === "string" ? undefined : time,
    timeUnit: valueFor(settings.inputTimeUnit, topic, "iso"),
    numbers: valueFor(settings.inputNumbers, topic, "strict"),
    booleans: valueFor(settings.inputBooleans, topic, "reject"),
    missing: valueFor(settings.inputMissing, topic, "reject"),
  };
}

/** The topics whose records may lie in other partitions than their series. */
export function spreadTopics(settings: FormatSettings & { readonly inputTopics: readonly string[] }): string[] {
  return settings.inputTopics.filter((topic) => namedFormat(settings, topic)?.isSpread);
}

/** Faults that the settings of formats have together, as sentences. */
export function formatFaults(
  settings: Partial<
    FormatSettings &
      LagSettings & {
        readonly inputTopics: readonly string[];
        readonly featuresMax: number;
        readonly registryUrl: readonly string[];
      }
  >,
): readonly string[] {
  const {
    inputTopics = [],
    featuresMax = Number.POSITIVE_INFINITY,
    lags = NONE,
    lagsOf = NONE,
    calendar = NONE,
    registryUrl,
  } = settings;
  const faults = Object.entries(formatSettings).flatMap(([name, { env }]) =>
    strayTopics(env, settings[name as keyof FormatSettings], inputTopics),
  );
  if (!isComplete(settings)) return faults;
  for (const topic of inputTopics) {
    const format = namedFormat(settings, topic);
    if (isEncoded(settings, topic)) faults.push(...encodingFaults(topic, format, registryUrl));
    if (format !== undefined)
      faults.push(...faultsOf(format, featuresMax, topicLags({ lags, lagsOf, calendar }, topic).added));
  }
  return faults;
}

function encodingFaults(topic: string, format: NamedFormat | undefined, url: readonly string[] | undefined): string[] {
  const faults: string[] = [];
  if (format?.kind === "csv")
    faults.push(`INPUT_FORMAT of ${topic} is csv, and its INPUT_ENCODING registry, whose records are objects`);
  if (url?.length === 0)
    faults.push(`SCHEMA_REGISTRY_URL is not set, and INPUT_ENCODING=registry of ${topic} needs it`);
  return faults;
}

function faultsOf(
  { topic, kind, columns, features, target, series, counter, time }: NamedFormat,
  featuresMax: number,
  added: number,
): string[] {
  const faults: string[] = [];
  if (kind === "csv" && columns.length === 0)
    faults.push(`INPUT_COLUMNS has no columns for ${topic}, whose INPUT_FORMAT is csv`);
  else if (features.length + added === 0)
    faults.push(`INPUT_FEATURES has no field for ${topic}, whose INPUT_FORMAT is ${kind}, and no LAGS make features`);
  if (features.length > 0 && features.length + added > featuresMax)
    faults.push(
      `INPUT_FEATURES has ${features.length} fields for ${topic}, with those that are made more than FEATURES_MAX=${featuresMax}`,
    );
  if (features.some(({ name }) => name === target.name))
    faults.push(`INPUT_FEATURES has the field ${target.name} of ${topic}, which is its INPUT_TARGET`);
  if (kind === "csv" && columns.length > 0) {
    const names = new Set(columns.map(({ name }) => name));
    const asked = [target, ...features, ...series, counter, time].filter((field) => field !== undefined);
    for (const { name } of asked) {
      if (!names.has(name))
        faults.push(`INPUT_COLUMNS of ${topic} lacks the column ${name}, which another setting names`);
    }
  }
  return faults;
}

function isComplete(settings: Partial<FormatSettings>): settings is FormatSettings {
  return Object.keys(formatSettings).every((name) => settings[name as keyof FormatSettings] !== undefined);
}

function counterField(text: string): FieldName | typeof COUNTED | undefined {
  return text === COUNTED ? COUNTED : fieldName(text);
}
