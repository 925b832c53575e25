/** What was measured so far, step by step: a bench that was stopped continues from here. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Point } from "./section.js";

interface Entry {
  readonly section: string;
  readonly step: string;
  readonly run: number;
  /** Input records of a run of full size: figures of another size are another bench's. */
  readonly records: number;
  readonly points: readonly Point[];
}

export class Journal {
  readonly #file: string;
  #entries: Entry[];

  /** @param file JSON, one entry a line; made where there is none */
  constructor(file: string) {
    this.#file = file;
    mkdirSync(dirname(file), { recursive: true });
    const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
    this.#entries = lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Entry);
  }

  /** Forgets what was measured of a section with so many records. */
  forget(section: string, records: number): void {
    this.#entries = this.#entries.filter((entry) => entry.section !== section || entry.records !== records);
    writeFileSync(this.#file, this.#entries.map(lineOf).join(""));
  }

  /** @returns what the step gave in that run; undefined where it was not measured */
  find(section: string, step: string, run: number, records: number): readonly Point[] | undefined {
    return this.#entries.find(
      (entry) => entry.section === section && entry.step === step && entry.run === run && entry.records === records,
    )?.points;
  }

  add(entry: Entry): void {
    this.#entries.push(entry);
    appendFileSync(this.#file, lineOf(entry));
  }
}

function lineOf(entry: Entry): string {
  return `${JSON.stringify(entry)}\n`;
}
