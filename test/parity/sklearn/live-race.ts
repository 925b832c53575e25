/**
 * Random streams through the models and through scikit-learn 1.9.1 itself: rf and gb have to agree to the last bit, lin
 * within the condition of the data. `npm run test:sklearn -- --seed 7 --streams 40` repeats or lengthens a run.
 * Exit code 0: all agree; 1: some do not; 69: Python or the packages cannot be had here, so nothing was compared.
 */
import { parseArgs } from "node:util";
import { createRegressor, modelKinds } from "../../../services/ml-racer/models/model-registry.js";
import type { ModelSpecification } from "../../../shared/models/kind.js";
import { type RaceStream, runRace } from "../../support/data/model-replay.js";
import { integer, type Random, randomStream, seededRandom, wideStream } from "../../support/data/random-stream.js";
import { assertBits, assertLinear, type LinearConditions } from "../../support/judge/sklearn-tolerance.js";
import { EnvironmentError, ProgramError, type PythonProgram, prepareEnvironment, startPython } from "./environment.js";

/** EX_UNAVAILABLE of sysexits.h. */
const EXIT_UNAVAILABLE = 69;

interface Answer extends Omit<LinearConditions, "y"> {
  readonly yhat: readonly number[];
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { seed: { type: "string" }, streams: { type: "string", default: "36" } } });
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(values.seed);
  const streams = Number(values.streams);
  prepareEnvironment();
  console.log(`scikit-learn 1.9.1, ${streams} random streams, seed ${seed}`);
  const program = startPython("race.py");
  let faults = 0;
  let records = 0;
  for (let k = 0; k < streams; k++) {
    const random = seededRandom(seed + k);
    const { specification, stream } = randomCase(random, k);
    records += stream.y.length;
    const what = `stream ${k} (seed ${seed + k}): ${describe(specification, stream)}`;
    try {
      console.log(`${what}: ${await compare(program, specification, stream)}`);
    } catch (error) {
      if (error instanceof ProgramError) throw error;
      faults++;
      console.error(`${what}: DIFFERS: ${error instanceof Error ? error.message : error}`);
    }
  }
  program.close();
  console.log(`${streams - faults} of ${streams} streams agree, ${records} records, seed ${seed}`);
  if (faults > 0) process.exitCode = 1;
}

/** Kinds take turns; every second tree model has hyper-parameters other than the defaults, every second lin many features. */
function randomCase(random: Random, k: number): { specification: ModelSpecification; stream: RaceStream } {
  const kind = ["rf", "gb", "lin"][k % 3];
  if (k % 6 === 2) return { specification: { name: kind, kind, parameters: {} }, stream: wideCase(random) };
  const definitions = modelKinds.get(kind)?.parameters ?? {};
  const parameters = Object.fromEntries(Object.entries(definitions).map(([name, { default: value }]) => [name, value]));
  if (kind !== "lin" && random() < 0.5) {
    parameters.n_estimators = integer(random, 1, 120);
    if (random() < 0.5) parameters.max_depth = integer(random, 1, 6);
    if (random() < 0.5) parameters.min_samples_split = integer(random, 2, 9);
    if (random() < 0.5) parameters.min_samples_leaf = integer(random, 1, 5);
    if (random() < 0.5) parameters.random_state = integer(random, 0, 2 ** 32 - 1);
    if (kind === "gb") parameters.learning_rate = random();
  }
  const lengths = [25, 25, 25, integer(random, 1, 40), integer(random, 16, 300)];
  const train = lengths[integer(random, 0, lengths.length - 1)];
  const stream = randomStream(random, random() < 0.3 ? 10 : integer(random, 1, 12), train > 40 ? train + 5 : 40);
  return { specification: { name: kind, kind, parameters }, stream: { ...stream, window: 2 * train, train } };
}

/** A window that is still filling has rows of zeros, so a stream is little longer than what models are trained on. */
function wideCase(random: Random): RaceStream {
  const train = [25, 25, integer(random, 1, 60)][integer(random, 0, 2)];
  return { ...wideStream(random, integer(random, 1, 300), train + 15), window: 2 * train, train };
}

async function compare(program: PythonProgram, specification: ModelSpecification, stream: RaceStream): Promise<string> {
  const { kind } = specification;
  const answer = (await program.ask({ ...stream, kind, parameters: forPython(specification) })) as Answer;
  const regressor = createRegressor(specification, { features: stream.n, trainLength: stream.train });
  const { yhat } = runRace(regressor, stream);
  if (kind !== "lin") {
    assertBits(yhat, answer.yhat, "yhat");
    return "equal to the last bit";
  }
  const worst = assertLinear(yhat, answer.yhat, { ...answer, y: stream.y });
  return `largest deviation ${worst.toExponential(1)}`;
}

/** An unlimited value is Infinity here and None, JSON's null, there. */
function forPython({ parameters }: ModelSpecification): Record<string, number | null> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [name, Number.isFinite(value) ? value : null]),
  );
}

function describe({ kind, parameters }: ModelSpecification, stream: RaceStream): string {
  return `${kind} ${Object.values(parameters).join(" ")}, n ${stream.n}, train ${stream.train}`.replace(" ,", ",");
}

try {
  await main();
} catch (error) {
  if (!(error instanceof EnvironmentError)) throw error;
  console.error(`No comparison with scikit-learn was made. ${error.message}`);
  process.exitCode = EXIT_UNAVAILABLE;
}
