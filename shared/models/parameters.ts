/** Hyper-parameters of models: what each is, and which texts stand for which values. */

/** A hyper-parameter. Every value is a number; `None` of an unlimited one is Infinity. */
export interface ParameterDefinition {
  readonly default: number;
  /** What a value has to be, as it completes "expected ...". */
  readonly expected: string;
  /** What it means, as the table of docs/models.md says it. */
  readonly doc: string;
  /** The value that a text stands for; undefined where it is not {@link expected}. */
  parse(text: string): number | undefined;
}

/** An integer from `least` to `most`. */
export function integerParameter(initial: number, least: number, most: number, doc: string): ParameterDefinition {
  return {
    default: initial,
    expected: `an integer from ${least} to ${most}`,
    doc,
    parse(text) {
      const value = Number(text);
      return /^\d+$/.test(text) && value >= least && value <= most ? value : undefined;
    },
  };
}

/** An integer from `least` to `most`, or `None` for no limit, which is the value Infinity. */
export function limitParameter(initial: number, least: number, most: number, doc: string): ParameterDefinition {
  const bounded = integerParameter(initial, least, most, doc);
  return {
    ...bounded,
    expected: `${bounded.expected}, or None`,
    parse: (text) => (text.toLowerCase() === "none" ? Number.POSITIVE_INFINITY : bounded.parse(text)),
  };
}

/** A finite number of 0 or more. */
export function nonNegativeParameter(initial: number, doc: string): ParameterDefinition {
  return {
    default: initial,
    expected: "a number of 0 or more",
    doc,
    parse(text) {
      const value = Number(text);
      return text !== "" && Number.isFinite(value) && value >= 0 ? value : undefined;
    },
  };
}

/** A finite number above 0. */
export function positiveParameter(initial: number, doc: string): ParameterDefinition {
  const definition = nonNegativeParameter(initial, doc);
  return {
    ...definition,
    expected: "a number above 0",
    parse(text) {
      const value = definition.parse(text);
      return value === 0 ? undefined : value;
    },
  };
}

/** A number from `least`, which is 0 or more, to `most`. */
export function rangeParameter(initial: number, least: number, most: number, doc: string): ParameterDefinition {
  const definition = nonNegativeParameter(initial, doc);
  return {
    ...definition,
    expected: `a number from ${least} to ${most}`,
    parse(text) {
      const value = definition.parse(text);
      return value !== undefined && value >= least && value <= most ? value : undefined;
    },
  };
}
