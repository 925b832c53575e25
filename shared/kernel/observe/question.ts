/** What people ask of a service's state, where in it the answer is, and how another instance is asked the same. Pure but for reading. */
import type { SlotLists } from "../../slot-lists.js";
import type { TaskFolder } from "../task/task-folder.js";

/** Most numbers of a series that are shown at once: reading them holds the records up. */
const NUMBERS_MAX = 200_000;

/** One value of one store, or all that a service keeps of a series. */
export type Question =
  | { readonly kind: "value"; readonly store: string; readonly key: string }
  | { readonly kind: "series"; readonly topic: string; readonly series: string; readonly rows: number };

/** How the state of a service is laid out. */
export interface StateLayout {
  readonly stores: readonly { readonly name: string; readonly slotted: boolean }[];
  readonly slots: SlotLists;
}

/** The series that a question is about. */
export function seriesOf(question: Question, { stores }: StateLayout): { topic: string; series: string } {
  if (question.kind === "series") return question;
  const { store, key } = question;
  const slash = key.indexOf("/");
  const topic = slash === -1 ? key : key.slice(0, slash);
  const rest = key.slice(topic.length + 1);
  const isSlotted = stores.find(({ name }) => name === store)?.slotted === true;
  const end = isSlotted ? rest.lastIndexOf("/") : -1;
  return { topic, series: end === -1 ? rest : rest.slice(0, end) };
}

/** Path and query of the question, which mean the same at every instance, whatever the name of the series is. */
export function pathOf(question: Question): string {
  if (question.kind === "value") {
    const { store, key } = question;
    return `/state/${encodeURIComponent(store)}?${new URLSearchParams({ key })}`;
  }
  const { topic, series, rows } = question;
  return `/query?${new URLSearchParams({ topic, series, rows: String(rows) })}`;
}

/**
 * What a folder knows, as it was committed last; undefined where it has nothing of it.
 * - of a value: what its codec shows
 * - of a series: `state`, by store; of a slotted one a list, in the order of its slots, and an object there has its `slot` too.
 *   `leftOut` says how many of a list there are beside those that are shown
 */
export function readAnswer(folder: TaskFolder, question: Question, layout: StateLayout): unknown {
  const inspect = (store: string, key: string) => folder.stores.find(({ name }) => name === store)?.inspect(key);
  if (question.kind === "value") return inspect(question.store, question.key);
  const { topic, series, rows } = question;
  const key = `${topic}/${series}`;
  const state: Record<string, unknown> = {};
  for (const { name, slotted } of layout.stores) {
    const value = slotted ? undefined : inspect(name, key);
    if (value !== undefined) state[name] = value;
  }
  if (Object.keys(state).length === 0) return undefined;
  const shown = { ...state };
  const leftOut: Record<string, number> = {};
  for (const { name, slotted } of layout.stores) {
    const slots = slotted ? layout.slots[name]?.(shown) : undefined;
    if (slots === undefined) continue;
    const values = valuesOf(slots.slice(0, rows), (slot) => inspect(name, `${key}/${slot}`));
    if (slots.length > values.length) leftOut[name] = slots.length - values.length;
    state[name] = values;
  }
  return { state, ...(Object.keys(leftOut).length === 0 ? {} : { leftOut }) };
}

function valuesOf(slots: readonly number[], read: (slot: number) => unknown): unknown[] {
  const values: unknown[] = [];
  let numbers = 0;
  for (const slot of slots) {
    const value = read(slot);
    if (value === undefined) continue;
    numbers += lengthOf(value);
    if (values.length > 0 && numbers > NUMBERS_MAX) break;
    values.push(Array.isArray(value) ? value : { slot, ...(value as object) });
  }
  return values;
}

/** Numbers of a value, roughly: of a list, or of the lists of an object. */
function lengthOf(value: unknown): number {
  if (Array.isArray(value)) return value.length;
  return Object.values(Object(value)).reduce((sum: number, one) => sum + (Array.isArray(one) ? one.length : 1), 0);
}
