/** One RLS model for tests: the service's functions on doubles, asked with features, as a model on its own is. */
import { covarianceOf, covarianceTrace } from "../../../services/rls-racer/covariance.js";
import {
  betaAt,
  factorsAt,
  isPositiveDefinite,
  learn,
  newRls,
  packedLength,
  predict,
  rlsLength,
} from "../../../shared/models/rls.js";

/** Where the model lies in its array: what stands around it is NaN, so that a number read there shows. */
const AT = 3;

/** See the file's head. */
export class RlsModel {
  readonly p: number;
  readonly doubles: Float64Array;
  readonly at = AT;
  readonly #x: Float64Array;

  /** @throws {RangeError} features or ν are out of range */
  constructor(features: number, nu: number) {
    this.p = features + 1;
    this.doubles = new Float64Array(AT + rlsLength(Math.max(2, Math.trunc(this.p) || 0)) + 2).fill(Number.NaN);
    this.#x = new Float64Array(Math.max(2, Math.trunc(this.p) || 0) + 1).fill(Number.NaN);
    newRls(this.doubles, AT, this.p, nu);
  }

  /** A model of these numbers. */
  static of(nu: number, beta: readonly number[], UD: readonly number[]): RlsModel {
    const model = new RlsModel(beta.length - 1, nu);
    model.beta.set(beta);
    model.UD.set(UD);
    return model;
  }

  /** β, intercept first, as it lies in the model. */
  get beta(): Float64Array {
    return this.doubles.subarray(betaAt(AT), betaAt(AT) + this.p);
  }

  /** The factors of V, as they lie in the model. */
  get UD(): Float64Array {
    const from = factorsAt(AT, this.p);
    return this.doubles.subarray(from, from + packedLength(this.p));
  }

  predict(x: readonly number[]): number {
    return predict(this.doubles, AT, this.p, this.#regressors(x));
  }

  learn(x: readonly number[], error: number): boolean {
    return learn(this.doubles, AT, this.p, this.#regressors(x), error);
  }

  isPositiveDefinite(): boolean {
    return isPositiveDefinite(this.doubles, AT, this.p);
  }

  covariance(): number[][] {
    return covarianceOf(this.doubles, AT, this.p);
  }

  trace(): number {
    return covarianceTrace(this.doubles, AT, this.p);
  }

  /** All numbers of the model and around it, as bytes: NaN and -0 count. */
  bytes(): string {
    return Buffer.from(this.doubles.buffer).toString("hex");
  }

  #regressors(x: readonly number[]): Float64Array {
    if (x.length + 1 !== this.p) throw new RangeError(`expected ${this.p - 1} features, got ${x.length}`);
    this.#x[0] = 1;
    this.#x.set(x, 1);
    return this.#x;
  }
}
