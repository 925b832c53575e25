/**
 * CPU time of refit-and-predict per record, beside scikit-learn's 1.9.1 in the same run, in turns, so that both meet the same
 * machine. `npm run bench:models -- --rounds 9 --seed 1`. With `--memory` it refits a million times instead and shows the memory,
 * with `--json` it prints what each round gave, for the section `models` of the bench.
 */
import { parseArgs } from "node:util";
import Table from "cli-table3";
import { parseModelList } from "../../services/ml-racer/model-list.js";
import { createRegressor } from "../../services/ml-racer/models/model-registry.js";
import { newTrainingSet, type Regressor } from "../../services/ml-racer/models/regressor.js";
import { copyNewest, newWindow, pushRow } from "../../services/ml-racer/window.js";
import {
  EnvironmentError,
  type PythonProgram,
  prepareEnvironment,
  startPython,
} from "../parity/sklearn/environment.js";
import { goldenRaces } from "../support/data/golden-race.js";
import { normal, seededRandom } from "../support/data/random-stream.js";

const WINDOW = 50;
const TRAIN = 25;
const KINDS = ["rf", "lin", "gb"] as const;

/** Refits of one measurement: enough to outweigh the clock's steps, few enough to alternate often. */
const REFITS = {
  rf: { ours: 400, theirs: 8 },
  lin: { ours: 2000, theirs: 200 },
  gb: { ours: 400, theirs: 12 },
} as const;

interface Stream {
  readonly name: string;
  /** Models that are measured on it. */
  readonly kinds: readonly Kind[];
  readonly x: readonly (readonly number[])[];
  readonly y: readonly number[];
}

type Kind = (typeof KINDS)[number];

/** The notebook's non-linear kind of stream: standard normal features, no two values equal. */
function continuousStream(seed: number, records: number, features: number, kinds: readonly Kind[]): Stream {
  const random = seededRandom(seed);
  const x = Array.from({ length: records }, () => Array.from({ length: features }, () => normal(random)));
  const y = x.map((row) => Math.sin(row[0]) + row[1] * row[2] + 0.5 * row[3] ** 2 + 0.1 * normal(random));
  return { name: `continuous, n = ${features}`, kinds, x, y };
}

function diabetesStream(): Stream {
  const race = goldenRaces().find(({ name }) => name === "diabetes");
  if (race === undefined) throw new Error("expected the golden file of the diabetes data");
  return { name: "diabetes, n = 10, full of ties", kinds: KINDS, x: race.x, y: race.y };
}

/** Plays records through window and model, going round the stream; the window is full from the first measured one on. */
function player(stream: Stream, regressor: Regressor): (refits: number) => number {
  const rows = stream.x.map((row) => Float64Array.from(row));
  const features = rows[0].length;
  const window = newWindow(features, WINDOW);
  const training = newTrainingSet({ features, trainLength: TRAIN });
  let next = 0;
  const step = () => {
    copyNewest(window, training);
    regressor.predict(training, rows[next]);
    pushRow(window, stream.y[next], rows[next]);
    next = (next + 1) % rows.length;
  };
  for (let i = 0; i < WINDOW; i++) step();
  return (refits) => {
    const before = process.cpuUsage();
    for (let i = 0; i < refits; i++) step();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / refits;
  };
}

async function theirs(program: PythonProgram, kind: Kind, { x, y }: Stream): Promise<number> {
  const refits = REFITS[kind].theirs;
  const records = TRAIN + refits;
  const answer = await program.ask({ kind, train: TRAIN, refits, x: x.slice(0, records), y: y.slice(0, records) });
  return ((answer as { seconds: number }).seconds * 1e6) / refits;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

function rowOf(name: string, ours: readonly number[], other: readonly number[]): string[] {
  const ratios = ours.map((value, i) => other[i] / value);
  const spread = `${Math.min(...ratios).toFixed(0)} to ${Math.max(...ratios).toFixed(0)}`;
  return [name, median(ours).toFixed(1), median(other).toFixed(0), `${median(ratios).toFixed(0)}x`, spread];
}

/** Microseconds of a refit in each round, by model; of theirs none where there is no program to ask. */
interface Times {
  readonly ours: ReadonlyMap<Kind, readonly number[]>;
  readonly other: ReadonlyMap<Kind, readonly number[]>;
}

async function benchStream(program: PythonProgram | undefined, stream: Stream, rounds: number): Promise<Times> {
  const { kinds } = stream;
  const features = stream.x[0].length;
  const players = new Map(kinds.map((kind) => [kind, player(stream, regressorOf(kind, features))]));
  const ours = new Map<Kind, number[]>(kinds.map((kind) => [kind, []]));
  const other = new Map<Kind, number[]>(kinds.map((kind) => [kind, []]));
  for (const [kind, play] of players) play(REFITS[kind].ours);
  for (let round = 0; round < rounds; round++) {
    for (const [kind, play] of players) {
      ours.get(kind)?.push(play(REFITS[kind].ours));
      if (program !== undefined) other.get(kind)?.push(await theirs(program, kind, stream));
    }
  }
  return { ours, other };
}

function printTable({ name, kinds }: Stream, { ours, other }: Times, rounds: number): void {
  const table = new Table({
    head: ["model", "us per refit", "scikit-learn", "ratio", "spread"],
    style: { head: [], border: [] },
  });
  for (const kind of kinds) table.push(rowOf(kind, ours.get(kind) ?? [], other.get(kind) ?? []));
  if (kinds.length > 1) table.push(rowOf("all three", sums(ours, rounds), sums(other, rounds)));
  console.log(`\n${name}\n${table.toString()}`);
}

function sums(times: ReadonlyMap<Kind, readonly number[]>, rounds: number): number[] {
  return Array.from({ length: rounds }, (_, i) => KINDS.reduce((sum, kind) => sum + (times.get(kind)?.[i] ?? 0), 0));
}

function regressorOf(kind: Kind, features: number): Regressor {
  const list = parseModelList(kind);
  if (list.kind === "faults") throw new Error(list.faults.join("; "));
  return createRegressor(list.models[0], { features, trainLength: TRAIN });
}

/** A million refits, a hundred of each model in turn, and the memory after every hundred thousand: it must not grow. */
function refitMillion(stream: Stream): void {
  const players = KINDS.map((kind) => player(stream, regressorOf(kind, stream.x[0].length)));
  for (let refits = 0; refits <= 1_000_000; refits += 100) {
    if (refits % 100_000 === 0) {
      const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
      const [rssMb, heapMb, bufferMb] = [rss, heapUsed, arrayBuffers].map((bytes) => (bytes / 2 ** 20).toFixed(1));
      console.log(`${refits} refits: rss ${rssMb} MiB, heap ${heapMb} MiB, buffers ${bufferMb} MiB`);
    }
    players[(refits / 100) % players.length](100);
  }
}

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "9" },
    seed: { type: "string", default: "1" },
    memory: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    alone: { type: "boolean", default: false },
  },
});

async function compare(continuous: Stream, wide: Stream): Promise<void> {
  if (!values.alone) prepareEnvironment();
  const program = values.alone ? undefined : startPython("../../bench/models.py");
  const rounds = Number(values.rounds);
  if (!values.json) console.log(`CPU time per refit and prediction, medians of ${rounds} rounds, seed ${values.seed}`);
  for (const stream of [continuous, diabetesStream(), wide]) {
    const times = await benchStream(program, stream, rounds);
    if (values.json) printJson(stream, times);
    else printTable(stream, times, rounds);
  }
  program?.close();
}

/** A line for each model: its stream, and the microseconds of each round. */
function printJson({ name, kinds }: Stream, { ours, other }: Times): void {
  for (const kind of kinds) {
    console.log(JSON.stringify({ stream: name, kind, ours: ours.get(kind), theirs: other.get(kind) }));
  }
}

try {
  const continuous = continuousStream(Number(values.seed), 1000, 10, KINDS);
  if (values.memory) refitMillion(continuous);
  else await compare(continuous, continuousStream(Number(values.seed), 300, 200, ["lin"]));
} catch (error) {
  if (!(error instanceof EnvironmentError)) throw error;
  console.error(`No comparison with scikit-learn was made. ${error.message}`);
  process.exitCode = 1;
}
