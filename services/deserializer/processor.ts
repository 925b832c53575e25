/** One raw record in, one observation out, or a refusal. */
import { isUtf8 } from "node:buffer";
import { noFeatures, refuseOtherFeatures } from "../../shared/contract/features.js";
import { observationLayout } from "../../shared/contract/layouts.js";
import { SERIES_BYTES_MAX } from "../../shared/contract/observation-record.js";
import { NUMBER } from "../../shared/contract/observation-view.js";
import type { Observation } from "../../shared/contract/schemas.js";
import { seriesKey } from "../../shared/contract/series-key.js";
import { observationsTopic } from "../../shared/contract/topics.js";
import { RecordError } from "../../shared/errors.js";
import { codec } from "../../shared/numbers/codec.js";
import { keptText } from "../../shared/numbers/layout.js";
import { numbers, placesOf, type Region } from "../../shared/numbers/memory.js";
import type { Given, Layout } from "../../shared/result-layout.js";
import { type InputRecord, type PackedValue, stateKey, type TaskContext } from "../../shared/service-definition.js";
import { FieldError } from "./field-number.js";
import { lacksValues, learnLast, withLast } from "./known-values.js";
import { type LagState, lagged, learnLags } from "./lags.js";
import { TEXT_BYTES_MAX } from "./observation-text.js";
import type { ParsedRecord } from "./parsed-record.js";
import { countOrder, reportMisplaced, type SeriesMetrics } from "./series-metrics.js";
import { featuresOf, keepSeries, lastIOf, readSeries, type SeriesState } from "./series-state.js";
import { type ReadingSettings, type TopicReading, topicReading } from "./topic-reading.js";

/** Why a record that is an observation is refused all the same, or its key is. */
export type SeriesFault = "key-not-utf8" | "key-too-long" | "features-changed" | "no-features" | "not-an-integer";

/** Stores: `series`, one per raw topic and series, see series-state.ts. */
export interface DeserializerStates {
  readonly series: PackedValue;
}

type Context = TaskContext<ReadingSettings, DeserializerStates, SeriesMetrics>;

/**
 * Reads a raw record and forwards it as an observation of its series. The first observation of a series decides the
 * number of its features; a label without features is not held against it. An i that does not follow the last one is counted and
 * forwarded all the same.
 * @throws {RecordError} before anything is changed, with an ObservationFault, a FieldFault or a {@link SeriesFault} as its reason
 */
export function deserialize(record: InputRecord, context: Context): void {
  const reading = topicReading(context.settings, record.topic, context.application);
  if (!reading.isUsual || !deserializeUsual(record, context)) deserializeAny(record, context, reading);
}

/**
 * As {@link deserialize}, for a record of any form. Fields that are at fault, missing or filled are counted. A record that may lie in
 * another partition than its series is forwarded as it is to the topic by series, when it is known to be an observation: what is to be
 * remembered of the series is so in one place, where its records come together.
 */
export function deserializeAny(
  record: InputRecord,
  context: Context,
  reading = topicReading(context.settings, record.topic, context.application),
): void {
  const { raw: topic, bySeries } = reading;
  const { fields } = context.metrics;
  try {
    const parsed = reading.read(record.value);
    if (parsed === undefined) {
      fields.inc({ topic, field: reading.target, reason: "header" });
      return;
    }
    const missing = parsed.x?.findIndex(Number.isNaN) ?? -1;
    if (missing === -1 || reading.missing === "last") {
      if (bySeries !== undefined && parsed.series !== undefined && record.value !== null) {
        context.forward(bySeries, parsed.series, record.value);
        return;
      }
      const x = observe(record, context, parsed, reading);
      if (missing >= 0) countMissing(context.metrics, topic, reading, parsed.x, x);
      return;
    }
    const field = reading.fieldOf(missing);
    if (reading.missing === "reject") throw new FieldError("missing-value", field, "a number", "none");
    fields.inc({ topic, field, reason: "skipped" });
  } catch (error) {
    if (error instanceof FieldError) fields.inc({ topic, field: error.field, reason: error.reason });
    throw error;
  }
}

/** Counts each feature that was missing: it has its last value now, or has had none yet. */
function countMissing(
  { fields }: SeriesMetrics,
  topic: string,
  { fieldOf }: TopicReading,
  given: readonly number[] = [],
  x: readonly number[] = [],
): void {
  for (const [place, value] of given.entries()) {
    if (!Number.isNaN(value)) continue;
    fields.inc({ topic, field: fieldOf(place), reason: Number.isNaN(x[place]) ? "no-value-yet" : "filled" });
  }
}

/**
 * Forwards what a record says, with the features that are made for it. While one of its own has had no value yet, the record is
 * kept for what follows and not forwarded.
 * @returns the record's own features, with their last values where they were missing
 */
function observe(
  record: InputRecord,
  context: Context,
  parsed: ParsedRecord,
  { raw: topic, lags: made, missing }: TopicReading,
): number[] | undefined {
  const { stores, metrics } = context;
  const { y, timestamp = record.timestamp } = parsed;
  const series = parsed.series ?? seriesOf(record);
  const key = stateKey(topic, series);
  const stored = stores.series.get(key);
  const before = stored && readSeries(stored);
  const features = ownFeatures(before, parsed.x, made.added);
  const x = parsed.x && withLast(before?.last, parsed.x);
  const observation = { i: parsed.i ?? countedI(before), y, x };
  if (parsed.timestamp !== undefined) context.stamp(timestamp);
  // Forward refuses a result that is too large for Kafka, and nothing may have changed by then: it comes first.
  let lags: LagState | undefined;
  if (made.added > 0) {
    const step = lagged(before?.lags, observation, features, timestamp, made);
    if (step.isForwarded) forwardObservation(context, { topic, series, ...observation, x: step.x });
    else metrics.warmingUp.inc({ topic });
    lags = learnLags(step, observation);
  } else if (lacksValues(before?.last, x)) {
    metrics.warmingUp.inc({ topic });
  } else {
    forwardObservation(context, { topic, series, ...observation });
  }
  remember(context, topic, key, stored, {
    features,
    lastI: observation.i,
    lags,
    last: missing === "last" ? learnLast(before?.last, x) : undefined,
  });
  if (before === undefined) reportMisplaced(record, topic, series, context);
  return x;
}

function forwardObservation(
  { forward }: Context,
  { topic, series, i, y, x }: Omit<Observation, "x"> & { readonly x: number[] | undefined },
): void {
  forward(observationsTopic(topic), series, { topic, series, i, y, ...(x && { x }) });
}

/** The i of a record that has none: its series counts from 0 on. */
function countedI(before: SeriesState | undefined): number {
  const i = before === undefined ? 0 : before.lastI + 1;
  if (Number.isSafeInteger(i)) return i;
  throw seriesFault(
    "not-an-integer",
    "expected a record with an i, since the series cannot count beyond 2^53, got none",
  );
}

/**
 * Features that the records of the series have of their own. With features that are added to them it may be none.
 * @throws {RecordError} `features-changed`, `no-features`
 */
function ownFeatures(before: SeriesState | undefined, x: readonly number[] | undefined, added: number): number {
  if (before !== undefined) {
    if (x !== undefined) refuseOtherFeatures(before.features, x.length, ", as in the first observation of the series");
    return before.features;
  }
  if (x !== undefined) return x.length;
  if (added > 0) return 0;
  throw noFeatures();
}

/**
 * The same for a record of the usual form, a list of numbers under a key of plain characters: no text is made of it.
 * @returns false where it has another form, or has to be refused: nothing has happened then
 */
function deserializeUsual(record: InputRecord, context: Context): boolean {
  const usual = usualForm(record.topic);
  const { keyAt, keyLength, valueAt, valueLength } = placesOf(record);
  if (usual === undefined || keyLength < 0 || valueLength < 0 || valueLength > TEXT_BYTES_MAX) return false;
  if (keyAt === 0 || valueAt === 0) return false;
  const count = codec.readNumbers(valueAt, valueAt + valueLength, context.settings.featuresMax + NUMBER.x);
  if (count <= NUMBER.x || !Number.isSafeInteger(numbers[NUMBER.i])) return false;
  if (!codec.isPlain(keyAt, keyAt + keyLength)) return false;
  const key = seriesKey(usual.name.at, usual.name.length, keyAt, keyLength);
  if (key === undefined) return false;
  const before = context.stores.series.get(key);
  const features = count - NUMBER.x;
  if (before !== undefined && featuresOf(before) !== features) return false;
  // -0 becomes 0: i is a count.
  const lastI = numbers[NUMBER.i] + 0;
  numbers[NUMBER.i] = lastI;
  given.at = given.keyAt = keyAt;
  given.length = given.keyLength = keyLength;
  given.listLength = features;
  if (!context.write(usual.output, usual.layout, given)) return false;
  remember(context, record.topic, key, before, { features, lastI });
  if (before === undefined) reportMisplaced(record, record.topic, key.slice(record.topic.length + 1), context);
  return true;
}

/** What a record of one raw topic becomes in its usual form. */
interface UsualForm {
  readonly output: ReturnType<typeof observationsTopic>;
  readonly layout: Layout;
  /** Where the topic's name lies. */
  readonly name: Region;
}

/** By raw topic; undefined where the memory has no room for more layouts, which is so for good. */
const usualForms = new Map<string, UsualForm | undefined>();
const given: Given = { at: 0, length: 0, keyAt: 0, keyLength: 0, from: NUMBER.i, listLength: 0 };

function usualForm(topic: string): UsualForm | undefined {
  const known = usualForms.get(topic);
  if (known !== undefined || usualForms.has(topic)) return known;
  const made = newUsualForm(topic);
  usualForms.set(topic, made);
  return made;
}

function newUsualForm(topic: string): UsualForm | undefined {
  const layout = observationLayout(topic);
  const name = keptText(topic);
  return layout === undefined || name === undefined ? undefined : { output: observationsTopic(topic), layout, name };
}

/**
 * Keeps what is to be known of the series at its next observation. A record that was read without lags ends the lags before it: there
 * would be a gap in them. So it is with last values.
 * @param before what the store has of it
 */
function remember(
  { stores, metrics }: Context,
  topic: string,
  key: string,
  before: PackedValue | undefined,
  now: SeriesState,
): void {
  const lastI = before && lastIOf(before);
  keepSeries(stores.series, key, before, now);
  if (lastI !== undefined) countOrder(metrics, topic, lastI, now.lastI);
}

/** The record's key, or `<topic>/<partition>` where it has none. */
function seriesOf({ key, topic, partition }: InputRecord): string {
  if (key === null) return `${topic}/${partition}`;
  if (key.length > SERIES_BYTES_MAX) {
    throw seriesFault("key-too-long", `expected a key of at most ${SERIES_BYTES_MAX} bytes, got ${key.length}`);
  }
  if (!isUtf8(key)) throw seriesFault("key-not-utf8", "expected a key in UTF-8, got bytes that are none");
  return key.toString("utf8");
}

function seriesFault(reason: SeriesFault, message: string): RecordError {
  return new RecordError(reason, message);
}
