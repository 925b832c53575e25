/** The address of a series on the page: `#/series/<topic>/<key>`, in which the key may hold anything. Pure. */

export interface Place {
  readonly topic: string;
  readonly series: string;
}

/** The part of an address after `#`. */
export function hashOf({ topic, series }: Place): string {
  return `#/series/${encodeURIComponent(topic)}/${encodeURIComponent(series)}`;
}

/** The series that an address names; undefined where it names none. */
export function placeOf(hash: string): Place | undefined {
  const [, topic, series] = /^#\/series\/([^/]+)\/([^/]*)$/.exec(hash) ?? [];
  if (topic === undefined || series === undefined) return undefined;
  try {
    return { topic: decodeURIComponent(topic), series: decodeURIComponent(series) };
  } catch {
    return undefined;
  }
}

/** What tells a series from all others. A topic's name has no slash. */
export function keyOf({ topic, series }: Place): string {
  return `${topic}/${series}`;
}
