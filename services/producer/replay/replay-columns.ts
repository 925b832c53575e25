/** Which columns of a file make an observation. */

/** Column that holds i, where there is one. */
export const STEP_COLUMN = "i";

/** In place of the features: y alone is sent. */
export const NO_FEATURES = "-";

/** What the settings say of the columns. */
export interface ReplayColumns {
  /** Column of y. */
  readonly target: string;
  /** Columns of x1 to xn; empty for all but the target's, the series', the time's and `i`, in the file's order; {@link NO_FEATURES} alone for none. */
  readonly features: readonly string[];
  /** Column that names the series; empty where the whole file is one series. */
  readonly series: string;
  /** Column of the record's time; empty for none. */
  readonly time: string;
}

/** The columns that are named, in no order. */
export function askedColumns({ target, features, series, time }: ReplayColumns): readonly string[] {
  return [target, ...features.filter((name) => name !== NO_FEATURES), series, time].filter((name) => name !== "");
}

/**
 * The columns of x1 to xn among `names`.
 * @throws {RangeError} a column that is read is not there, or is there twice
 */
export function featuresOf(names: readonly string[], columns: ReplayColumns): readonly string[] {
  const { target, series, time, features } = columns;
  const others = names.filter((name) => ![target, series, time, STEP_COLUMN].includes(name));
  const none = features.length === 1 && features[0] === NO_FEATURES;
  const read = none ? [] : features.length > 0 ? features : others;
  const asked = new Set([...askedColumns(columns), ...read, ...(names.includes(STEP_COLUMN) ? [STEP_COLUMN] : [])]);
  const unclear = [...asked].filter((name) => names.filter((other) => other === name).length !== 1);
  if (unclear.length > 0) {
    throw new RangeError(`expected one column ${unclear.join(", one column ")}, got the columns ${names.join(", ")}`);
  }
  if (read.length === 0 && !none) throw new RangeError(`expected a column besides ${names.join(", ")} for x1`);
  return read;
}
