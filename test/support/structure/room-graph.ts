/** The arrows between rooms as the imports are, and the fewest of them from which all others follow. */
import { roomOf, sourceFiles } from "./imports.js";

export type Graph = ReadonlyMap<string, ReadonlySet<string>>;

/** The five services have the same arrows; what a drawing shows is one of them. */
const A_SERVICE = "services/*";

/** The room of a file as a drawing shows it: each service with its declaration and its start is one. */
function drawnRoomOf(path: string): string {
  const room = roomOf(path);
  if (room === undefined) throw new Error(`expected ${path} to be in a room`);
  return room.replace(/^services\/[a-z-]+(?=\/|$)(\/.*)?$/, A_SERVICE);
}

/** Every room, and the rooms that it imports from; without arrows of a room to itself. */
export function roomGraph(): Graph {
  const graph = new Map<string, Set<string>>();
  for (const { path, imports } of sourceFiles()) {
    const from = drawnRoomOf(path);
    const targets = graph.get(from) ?? new Set();
    graph.set(from, targets);
    for (const target of imports.map(drawnRoomOf)) if (target !== from) targets.add(target);
  }
  return graph;
}

/**
 * The transitive reduction: an arrow is left out where a longer way leads to the same room.
 * @param graph without a circle
 */
export function reductionOf(graph: Graph): Graph {
  return new Map(
    [...graph].map(([from, targets]) => [
      from,
      new Set([...targets].filter((to) => ![...targets].some((other) => other !== to && reaches(graph, other, to)))),
    ]),
  );
}

/** The arrows as lines `from --> to`, in order of their names. */
export function arrowsOf(graph: Graph): string[] {
  return [...graph].flatMap(([from, targets]) => [...targets].map((to) => `${from} --> ${to}`)).sort();
}

function reaches(graph: Graph, from: string, to: string): boolean {
  const seen = new Set([from]);
  for (const room of seen) for (const next of graph.get(room) ?? []) seen.add(next);
  return seen.has(to);
}
