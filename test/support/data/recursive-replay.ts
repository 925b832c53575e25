/** One recursive model on one series: forecast, then learn. */
import { readModel } from "../../../shared/models/model-text.js";
import { beginModel } from "../../../shared/models/recursive-kind.js";
import { recursiveKinds } from "../../../shared/models/recursive-kinds.js";

/** A model by its text, of as many features; its doubles lie between others, which nothing may touch. */
export class RecursiveReplay {
  readonly #kind;
  readonly #p: number;
  readonly #at = 3;
  readonly #doubles: Float64Array;

  constructor(text: string, features: number) {
    const faults: string[] = [];
    const model = readModel(text, recursiveKinds, faults);
    const kind = recursiveKinds.get(model?.kind ?? "");
    if (model === undefined || kind === undefined) throw new RangeError(faults.join("; "));
    this.#kind = kind;
    this.#p = features + 1;
    const length = kind.length(model.parameters, this.#p);
    this.#doubles = new Float64Array(length + 2 * this.#at).fill(Number.NaN);
    beginModel(kind, this.#doubles, this.#at, this.#p, model.parameters);
  }

  forecast(x: readonly number[]): number {
    return this.#kind.forecast(this.#doubles, this.#at, this.#p, Float64Array.of(1, ...x));
  }

  learn(x: readonly number[], y: number): boolean {
    const learned = this.#kind.learn(this.#doubles, this.#at, this.#p, Float64Array.of(1, ...x), y);
    const others = [...this.#doubles.subarray(0, this.#at), ...this.#doubles.subarray(-this.#at)];
    if (!others.every(Number.isNaN)) throw new RangeError("doubles of others have changed");
    return learned;
  }

  /** All its numbers. */
  state(): readonly number[] {
    return [...this.#doubles.subarray(this.#at, -this.#at)];
  }
}

/** The forecasts of a stream. */
export function replayRecursive(
  text: string,
  { x, y }: { readonly x: readonly (readonly number[])[]; readonly y: readonly number[] },
): readonly number[] {
  const model = new RecursiveReplay(text, x[0].length);
  return y.map((target, i) => {
    const yhat = model.forecast(x[i]);
    model.learn(x[i], target);
    return yhat;
  });
}
