/** One colour for each model, the same everywhere and after every reload. Pure. */

/** Colours that page.css has, `--model-0` to `--model-11`. */
export const COLOURS = 12;
/** The models that are raced without further settings come first, so that no two of them look alike. */
const KNOWN = ["rls1", "rls2", "rf", "lin", "gb", "ridge", "knn", "tree", "last", "mean", "holt", "sgd"];

/** Number of a model's colour. Models that were given names by settings share the colours, by their names. */
export function colourNumber(model: string): number {
  const known = KNOWN.indexOf(model);
  if (known !== -1) return known;
  let hash = 7;
  for (const character of model) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 65_521;
  return hash % COLOURS;
}
