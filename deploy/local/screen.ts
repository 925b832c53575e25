/** Shows the race: on a terminal a board that is redrawn, elsewhere lines of a log. */
import type { ReadStream, WriteStream } from "node:tty";
import { createLogUpdate } from "log-update";
import { printableLines } from "../printable.js";
import { type BoardModel, type LogModel, renderBoard, renderFinal, renderLines, rowsThatFit } from "./board.js";
import { listenToKeys } from "./board-keys.js";
import { MseHistory } from "./mse-history.js";
import { pagesOf, summarize } from "./race-summary.js";
import type { RaceView } from "./race-view.js";
import type { TerminalJob } from "./terminal-job.js";

/** Of a terminal that does not tell. */
const [COLUMNS, LINES] = [80, 24];
const LINES_EVERY_MS = 5000;
const FINAL_ROWS = 20;
const ERASE_BELOW = "\x1b[J";
const ERASE_ALL = "\x1b[2J\x1b[H";

/** The content of a screen; the races are summarized to as many rows as fit. */
export type Scene = Omit<BoardModel, "races" | "history" | "page"> & {
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

/** What a screen is drawn on, and who is told of Ctrl-C there. */
export interface ScreenOptions {
  readonly output: WriteStream;
  /** Where keys come from; where it is no terminal, none come. */
  readonly input: ReadStream;
  /** Whether colours may be used; where the terminal has none, or NO_COLOR is set, they are not. */
  readonly colours: boolean;
  onStop(): void;
  /** Else that of this process. */
  readonly job?: TerminalJob;
}

/** A board where the output is a terminal that has a size, else a log. */
export function openScreen(options: ScreenOptions): Screen {
  return options.output.isTTY && hasSize(options.output) ? openTerminal(options) : openLog(options.output);
}

/** A serial console, and what a program made without saying how large it is, have none: 0 columns or rows. */
const hasSize = ({ columns, rows }: WriteStream): boolean => columns !== 0 && rows !== 0;

function openTerminal({ output, input, colours, onStop, job }: ScreenOptions): Screen {
  const update = createLogUpdate(output);
  const history = new MseHistory();
  let page = 0;
  let drawn: Scene | undefined;
  let drawnHeight = 0;
  function draw(scene: Scene): void {
    drawn = scene;
    if (scene.stopping) endKeys();
    if (!hasSize(output)) return;
    const { columns = COLUMNS, rows: lines = LINES } = output;
    const { view, models, services } = scene;
    const rows = rowsThatFit(lines, view.size, services.length);
    const of = pagesOf(view, rows);
    page = Math.min(page, of - 1);
    const races = summarize(view, rows, models, page);
    history.take(scene.elapsedMs, races);
    const frame = { columns, lines, colours: colours && output.hasColors() };
    const board = renderBoard({ ...scene, races, history, page: { number: page + 1, of } }, frame);
    // log-update rewrites what has changed, and miscounts where lines were added or taken away: a line above the board went.
    const height = board.split("\n").length;
    if (height !== drawnHeight) update.clear();
    drawnHeight = height;
    update(board);
  }
  // A terminal that was made narrower has wrapped what stood on it.
  const onResize = () => {
    update.clear();
    output.write(ERASE_ALL);
    if (drawn !== undefined) draw(drawn);
  };
  output.on("resize", onResize);
  let turning: NodeJS.Immediate | undefined;
  const turn = (count: number) => {
    page = Math.max(0, page + count);
    // Keys that came together, as those of one held down or pasted do, are drawn once.
    turning ??= setImmediate(() => {
      turning = undefined;
      if (drawn !== undefined) draw(drawn);
    });
  };
  // After a Ctrl-Z the next board begins below what the shell has written.
  const endKeys = listenToKeys(input, { onPages: turn, onStop, onLeave: () => update.done() }, job);
  return {
    draw,
    notice: () => {},
    close(scene) {
      endKeys();
      clearImmediate(turning);
      output.off("resize", onResize);
      update.clear();
      update.done();
      // The terminal echoed ^C below the board.
      output.write(ERASE_BELOW);
      if (scene !== undefined)
        output.write(renderFinal(summarize(scene.view, FINAL_ROWS, scene.models), output.columns || COLUMNS));
    },
  };
}

function openLog(stream: NodeJS.WritableStream): Screen {
  let nextMs = LINES_EVERY_MS;
  let before: LogModel | undefined;
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
