/** Reads the text format of Prometheus, as a service's /metrics has it. Pure. */

/** One sample of the text format: `name{label="value",...} number`. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g;

/**
 * The samples of the metrics named, in their order; comments and other metrics are skipped.
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function readSamples(text: string, names: ReadonlySet<string>): Sample[] {
  return text.split("\n").flatMap((line) => {
    const match = LINE.exec(line);
    if (match === null || !names.has(match[1])) return [];
    return [{ name: match[1], labels: readLabels(match[2] ?? ""), value: Number(match[3]) }];
  });
}

function readLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [, name, value] of text.matchAll(LABEL)) {
    labels[name] = value.replace(/\\(.)/g, (_, escaped) => (escaped === "n" ? "\n" : escaped));
  }
  return labels;
}
