/** Shows the race: on a terminal a board that is redrawn, elsewhere lines of a log. */
import type { WriteStream } from "node:tty";
import { createLogUpdate } from "log-update";
import { printableLines } from "../printable.js";
import { type BoardModel, renderBoard, renderFinal, renderLines, rowsThatFit } from "./board.js";
import { type RaceView, summarize } from "./race-view.js";

const LINES_EVERY_MS = 5000;
const FINAL_ROWS = 20;
const ERASE_BELOW = "\x1b[J";

/** The content of a screen; the races are summarized to as many rows as fit. */
export type Scene = Omit<BoardModel, "races"> & {
  readonly view: RaceView;
  /** Models in the order in which they are shown. */
  readonly models: readonly string[];
};

export interface Screen {
  /** Call it about every half second. */
  draw(scene: Scene): void;
  /** Shows an event; a terminal shows it with the next scene, which has it too. */
  notice(text: string): void;
  /** Leaves a terminal as it was, with the final table of `scene` on it; undefined where nothing was raced. */
  close(scene: Scene | undefined): void;
}

/** A board where the stream is a terminal, else a log. */
export function openScreen(stream: WriteStream): Screen {
  return stream.isTTY ? openTerminal(stream) : openLog(stream);
}

function openTerminal(stream: WriteStream): Screen {
  const update = createLogUpdate(stream);
  return {
    draw(scene) {
      const { columns = 80, rows = 24 } = stream;
      const fitting = rowsThatFit(rows, scene.view.size, scene.services.length);
      update(renderBoard({ ...scene, races: summarize(scene.view, fitting, scene.models) }, columns));
    },
    notice: () => {},
    close(scene) {
      update.clear();
      update.done();
      // The terminal echoed ^C below the board.
      stream.write(ERASE_BELOW);
      if (scene !== undefined)
        stream.write(renderFinal(summarize(scene.view, FINAL_ROWS, scene.models), stream.columns ?? 80));
    },
  };
}

function openLog(stream: NodeJS.WritableStream): Screen {
  let nextMs = LINES_EVERY_MS;
  let before: BoardModel | undefined;
  return {
    draw(scene) {
      if (scene.elapsedMs < nextMs) return;
      nextMs = scene.elapsedMs + LINES_EVERY_MS;
      const model = { ...scene, races: summarize(scene.view, 0, scene.models) };
      for (const line of renderLines(model, before)) stream.write(`${line}\n`);
      before = model;
    },
    notice(text) {
      stream.write(`${printableLines(text)}\n`);
    },
    close(scene) {
      if (scene === undefined) return;
      stream.write(renderFinal(summarize(scene.view, FINAL_ROWS, scene.models), Number.POSITIVE_INFINITY));
    },
  };
}
