/** What every kind of model has: what it is, and its hyper-parameters. */
import type { ParameterDefinition } from "./parameters.js";

/** A kind of model. */
export interface Kind<P extends string = string> {
  /** What it is, as the table of docs/models.md says it. */
  readonly doc: string;
  readonly parameters: Readonly<Record<P, ParameterDefinition>>;
  /** What is wrong with values that are valid each by itself, as it completes "expected ..."; undefined where nothing is. */
  fault?(parameters: Readonly<Record<P, number>>): string | undefined;
}

/** One model of a race. Plain data: it may be handed to another thread. */
export interface ModelSpecification {
  /** As results name it: the model's text in the list of models. */
  readonly name: string;
  /** The name of its kind. */
  readonly kind: string;
  /** A value for every hyper-parameter of the kind. */
  readonly parameters: Readonly<Record<string, number>>;
}
