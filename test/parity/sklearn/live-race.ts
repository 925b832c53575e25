/**
 * Random streams through the models and through the libraries that they follow: scikit-learn 1.9.1, statsmodels 0.15.0, River 0.26.1.
 * Trees have to agree to the last bit, lin and ridge within the condition of the data, the others to 1e-9.
 * `npm run test:sklearn -- --seed 7 --streams 40` repeats or lengthens a run: so many streams of rf, gb and lin, and as many of the
 * other kinds.
 * Exit code 0: all agree; 1: some do not; 69: Python or the packages cannot be had here, so nothing was compared.
 */
import { parseArgs } from "node:util";
import { createRegressor, modelKinds } from "../../../services/ml-racer/models/model-registry.js";
import type { ModelSpecification } from "../../../shared/models/kind.js";
import { type RaceStream, runRace } from "../../support/data/model-replay.js";
import { seededRandom } from "../../support/data/random-stream.js";
import { replayRecursive } from "../../support/data/recursive-replay.js";
import {
  assertBits,
  assertLinear,
  assertNear,
  assertNeighbours,
  assertRidge,
  type LinearConditions,
  type NeighbourConditions,
  type RidgeConditions,
} from "../../support/judge/sklearn-tolerance.js";
import { EnvironmentError, ProgramError, type PythonProgram, prepareEnvironment, startPython } from "./environment.js";
import { type LiveCase, notebookCase, otherCase } from "./live-cases.js";

/** EX_UNAVAILABLE of sysexits.h. */
const EXIT_UNAVAILABLE = 69;
/** Of holt and sgd, whose libraries sum in another order, as a share of a forecast, or of 1 where it is smaller. */
const RECURSIVE_TOLERANCE = 1e-9;

interface Answer extends Omit<LinearConditions, "y">, RidgeConditions, NeighbourConditions {
  readonly yhat: readonly number[];
}

/** The libraries at work. */
interface Programs {
  readonly window: PythonProgram;
  readonly recursive: PythonProgram;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { seed: { type: "string" }, streams: { type: "string", default: "36" } } });
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(values.seed);
  const streams = Number(values.streams);
  prepareEnvironment();
  console.log(`scikit-learn 1.9.1, statsmodels 0.15.0, River 0.26.1: 2 × ${streams} random streams, seed ${seed}`);
  const programs: Programs = { window: startPython("race.py"), recursive: startPython("recursive.py") };
  let faults = 0;
  let records = 0;
  for (let k = 0; k < streams; k++) {
    for (const { specification, stream } of casesOf(seed + k, k)) {
      records += stream.y.length;
      const what = `stream ${k} (seed ${seed + k}): ${describe(specification, stream)}`;
      try {
        console.log(`${what}: ${await compare(programs, specification, stream)}`);
      } catch (error) {
        if (error instanceof ProgramError) throw error;
        faults++;
        console.error(`${what}: DIFFERS: ${error instanceof Error ? error.message : error}`);
      }
    }
  }
  programs.window.close();
  programs.recursive.close();
  console.log(`${2 * streams - faults} of ${2 * streams} streams agree, ${records} records, seed ${seed}`);
  if (faults > 0) process.exitCode = 1;
}

function casesOf(seed: number, k: number): readonly LiveCase[] {
  const random = seededRandom(seed);
  return [notebookCase(random, k), otherCase(random, k)];
}

async function compare(programs: Programs, specification: ModelSpecification, stream: RaceStream): Promise<string> {
  const { kind, name } = specification;
  const question = { ...stream, kind, parameters: forPython(specification) };
  if (!modelKinds.has(kind)) {
    const answer = (await programs.recursive.ask(question)) as Answer;
    const worst = assertNear(replayRecursive(name, stream), answer.yhat, RECURSIVE_TOLERANCE, "yhat");
    return `largest deviation ${worst.toExponential(1)}`;
  }
  const answer = (await programs.window.ask(question)) as Answer;
  const { yhat } = runRace(createRegressor(specification, { features: stream.n, trainLength: stream.train }), stream);
  if (kind === "lin") return deviation(assertLinear(yhat, answer.yhat, { ...answer, y: stream.y }));
  if (kind === "ridge") return deviation(assertRidge(yhat, answer.yhat, answer));
  if (kind === "knn") return assertNeighbours(yhat, answer.yhat, answer, isDecidedByHeap(specification, stream));
  assertBits(yhat, answer.yhat, "yhat");
  return "equal to the last bit";
}

function deviation(worst: number): string {
  return `largest deviation ${worst.toExponential(1)}`;
}

/** Whether scikit-learn looks at the rows one by one: else it makes distances of products, or visits rows in another order. */
function isDecidedByHeap({ parameters }: ModelSpecification, { n, train }: RaceStream): boolean {
  return n <= 15 && train <= 60 && parameters.n_neighbors < Math.floor(train / 2);
}

/** An unlimited value is Infinity here and None, JSON's null, there. */
function forPython({ parameters }: ModelSpecification): Record<string, number | null> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [name, Number.isFinite(value) ? value : null]),
  );
}

function describe({ name }: ModelSpecification, { n, train }: RaceStream): string {
  return `${name}, n ${n}, train ${train}`;
}

try {
  await main();
} catch (error) {
  if (!(error instanceof EnvironmentError)) throw error;
  console.error(`No comparison with scikit-learn was made. ${error.message}`);
  process.exitCode = EXIT_UNAVAILABLE;
}
