/** Random records of one series whose labels come later. */
import { LINEAR_TOPIC, NON_LINEAR_TOPIC } from "../../../shared/contract/topics.js";
import type { RawRecord } from "../kafka/kafka-topics.js";
import type { LateRecord } from "../plain/late-race.js";

/** Features of each record that has some. */
const FEATURES = 2;

/**
 * Questions and labels up to `delay` records apart, with records that come twice, also before their label, corrections, some that never come, and steps back
 * in time.
 * @param length counters i, from 0; there are more records
 */
export function lateStream(random: () => number, length: number, delay: number): LateRecord[] {
  const records: { readonly at: number; readonly of: Omit<LateRecord, "timestamp"> }[] = [];
  for (let i = 0; i < length; i++) {
    const x = Array.from({ length: FEATURES }, () => 4 * random() - 2);
    const y = 1 + x[0] - 2 * x[1] + random();
    const withX = () => (random() < 0.5 ? x : undefined);
    const isQuestion = random() < 0.7;
    const answered = i + delay * random();
    if (isQuestion) records.push({ at: i, of: { i, y: null, x } });
    if (!isQuestion) records.push({ at: i, of: { i, y, x } });
    else if (random() < 0.92) records.push({ at: answered, of: { i, y, x: withX() } });
    const later = () => answered + delay * random();
    if (isQuestion && random() < 0.03) records.push({ at: i + (answered - i) * random(), of: { i, y: null, x } });
    if (random() < 0.05) records.push({ at: later(), of: { i, y: null, x } });
    if (random() < 0.05) records.push({ at: later(), of: { i, y, x: withX() } });
    if (random() < 0.05) records.push({ at: later(), of: { i, y: y + 1, x: withX() } });
    if (random() < 0.02) records.push({ at: later(), of: { i: i - 2 * length, y, x: undefined } });
  }
  records.sort((a, b) => a.at - b.at);
  // Records without features may not begin a series.
  records.unshift({ at: 0, of: { i: -1, y: 0.5, x: [1, 1] } });
  return records.map(({ at, of }) => ({
    ...of,
    timestamp: Math.round(1000 * at) - (random() < 0.05 ? Math.floor(5000 * random()) : 0),
  }));
}

/**
 * Questions that are asked again up to 6 records later, with other features, most of them before their label comes: where few may
 * be open and few closed ones are remembered, many are forgotten meanwhile and become questions once more.
 * @param length counters i, from 0; there are more records
 */
export function askedAgainStream(random: () => number, length: number): LateRecord[] {
  const records: { readonly at: number; readonly of: Omit<LateRecord, "timestamp"> }[] = [];
  const features = () => Array.from({ length: FEATURES }, () => 4 * random() - 2);
  for (let i = 0; i < length; i++) {
    const x = features();
    const y = 1 + x[0] - 2 * x[1] + random();
    const isQuestion = random() < 0.7;
    records.push({ at: i, of: { i, y: isQuestion ? null : y, x } });
    if (!isQuestion) continue;
    for (let again = i; random() < 0.6; ) {
      again += 3 * random();
      records.push({ at: again, of: { i, y: null, x: features() } });
    }
    records.push({ at: i + 8 * random(), of: { i, y, x: undefined } });
  }
  records.sort((a, b) => a.at - b.at);
  records.unshift({ at: 0, of: { i: -1, y: 0.5, x: [1, 1] } });
  return records.map(({ at, of }) => ({ ...of, timestamp: Math.round(1000 * at) }));
}

/** A record of both raw topics, each in a form that senders use. */
export function lateRawRecords(key: string, { timestamp, i, y, x }: LateRecord): RawRecord[] {
  const list = x === undefined ? `{"i":${i},"y":${y}}` : `[${[i, y, ...x].map(String).join(", ")}]`;
  const object = JSON.stringify({ i, ...(y === null ? {} : { y }), ...(x && { x }) });
  return [
    { topic: LINEAR_TOPIC, key, value: list, timestamp },
    { topic: NON_LINEAR_TOPIC, key, value: object, timestamp },
  ];
}
