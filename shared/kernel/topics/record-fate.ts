/** Where a changelog record belongs after a repartition: where the key of its series is now. */
import { keyOfStep } from "../../contract/record-key.js";
import type { ConsumedRecord } from "../../kafka/consumed-record.js";
import { partitionOfKey } from "../../partitioner.js";
import type { AnyCodec } from "../../service-definition.js";
import { POSITIONS_KEY } from "../changelog/changelog.js";
import type { RepartitionScope } from "./repartition-scope.js";

/** Whether a changelog record stays, or goes and where to; `foreign`: it is not where the key's hash would have put it. */
export type Fate =
  | { readonly kind: "stays" }
  | { readonly kind: "goes"; readonly to: number }
  | { readonly kind: "foreign" };

const STAYS: Fate = { kind: "stays" };
const FOREIGN: Fate = { kind: "foreign" };

export function fateOf(
  scope: RepartitionScope,
  codec: AnyCodec,
  record: ConsumedRecord,
  from: number,
  to: number,
): Fate {
  const text = record.key?.toString() ?? POSITIONS_KEY;
  if (text === POSITIONS_KEY) return STAYS;
  const [topic, series] = seriesOf(keyOfStep(text) ?? text, codec.slotted === true);
  // Records without a key make a series of their partition, which stays where it is.
  if (scope.inputs.includes(topic) && series === `${topic}/${record.partition}`) return STAYS;
  const bytes = Buffer.from(series);
  if (partitionOfKey(bytes, from) !== record.partition) return FOREIGN;
  const home = partitionOfKey(bytes, to);
  return home === record.partition ? STAYS : { kind: "goes", to: home };
}

/** Topic and series of a state key. A topic name has no slash, a slot neither; a series may have any number. */
function seriesOf(key: string, slotted: boolean): [topic: string, series: string] {
  const first = key.indexOf("/");
  return [key.slice(0, first), key.slice(first + 1, slotted ? key.lastIndexOf("/") : undefined)];
}
