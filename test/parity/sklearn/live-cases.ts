/** Random models on random streams, for the comparison with the libraries that the models follow. */
import { modelKinds } from "../../../services/ml-racer/models/model-registry.js";
import type { ModelSpecification } from "../../../shared/models/kind.js";
import { recursiveKinds } from "../../../shared/models/recursive-kinds.js";
import type { RaceStream } from "../../support/data/model-replay.js";
import { integer, type Random, randomStream, wideStream } from "../../support/data/random-stream.js";

export interface LiveCase {
  readonly specification: ModelSpecification;
  readonly stream: RaceStream;
}

/** The notebook's kinds take turns; every second tree model has hyper-parameters other than the defaults, every second lin many features. */
export function notebookCase(random: Random, k: number): LiveCase {
  const kind = ["rf", "gb", "lin"][k % 3];
  if (k % 6 === 2) return { specification: specify(kind, {}), stream: wideCase(random) };
  const parameters: Record<string, number> = {};
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
  return { specification: specify(kind, parameters), stream: { ...stream, window: 2 * train, train } };
}

const OTHERS = ["ridge", "knn", "tree", "last", "mean", "holt", "sgd"] as const;

/** The other kinds take turns, on one feature, on fifty and on some. */
export function otherCase(random: Random, k: number): LiveCase {
  const kind = OTHERS[k % OTHERS.length];
  const n = [1, 50, integer(random, 2, 12)][integer(random, 0, 2)];
  const train = [25, 25, integer(random, 1, 80)][integer(random, 0, 2)];
  const stream = randomStream(random, n, train + 60);
  if (kind === "sgd" && random() < 0.5) addExtremes(random, stream.x);
  return {
    specification: specify(kind, otherParameters(random, kind, train)),
    stream: { ...stream, window: 2 * train, train },
  };
}

function otherParameters(random: Random, kind: (typeof OTHERS)[number], train: number): Record<string, number> {
  if (random() < 0.3) return kind === "knn" ? { n_neighbors: Math.min(5, train) } : {};
  switch (kind) {
    case "ridge":
      return { alpha: 10 ** integer(random, -3, 3) };
    case "knn":
      return { n_neighbors: integer(random, 1, Math.min(train, 15)) };
    case "tree":
      return { max_depth: integer(random, 1, 6), min_samples_leaf: integer(random, 1, 5) };
    case "last":
      return { lag: integer(random, 1, 30) };
    case "holt":
      return { alpha: 0.01 + 0.99 * random(), beta: random() };
    case "sgd":
      return { lr: 10 ** integer(random, -4, -2) };
    case "mean":
      return {};
  }
}

/** Features whose squares overflow: a model that scales refuses such an observation. */
function addExtremes(random: Random, x: readonly (readonly number[])[]): void {
  for (const row of x) if (random() < 0.05) (row as number[])[0] = random() < 0.5 ? 1e200 : -1e200;
}

/** A window that is still filling has rows of zeros, so a stream is little longer than what models are trained on. */
function wideCase(random: Random): RaceStream {
  const train = [25, 25, integer(random, 1, 60)][integer(random, 0, 2)];
  return { ...wideStream(random, integer(random, 1, 300), train + 15), window: 2 * train, train };
}

function specify(kind: string, given: Readonly<Record<string, number>>): ModelSpecification {
  const definitions = (modelKinds.get(kind) ?? recursiveKinds.get(kind))?.parameters ?? {};
  const defaults = Object.entries(definitions).map(([name, { default: value }]) => [name, value]);
  const text = Object.entries(given).map(([name, value]) => `:${name}=${value}`);
  return { name: kind + text.join(""), kind, parameters: { ...Object.fromEntries(defaults), ...given } };
}
