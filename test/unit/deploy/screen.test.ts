import assert from "node:assert/strict";
import type { ReadStream, WriteStream } from "node:tty";
import headless from "@xterm/headless";
import { NewsDesk } from "../../../deploy/local/race-news.js";
import { newRaceView, see } from "../../../deploy/local/race-view.js";
import { openScreen, type Scene } from "../../../deploy/local/screen.js";

const SIZE = { columns: 100, rows: 40 };

describe("a board that is drawn again and again", () => {
  const service = {
    name: "rls-racer",
    state: "running",
    recordsPerSecond: 1,
    lagRecords: 0,
    url: "http://127.0.0.1:1",
  };

  function sceneOf(seconds: number, topics: number, lagRecords = 0): Scene {
    const view = newRaceView();
    for (let k = 0; k < topics; k++) {
      const totals = { i: 1, n: 1, y: 1, yhat: 1, error: 0, mse: 0 };
      for (const series of ["s0", "s1"]) see(view, { topic: `topic${k}`, series, model: "m", ...totals });
    }
    return {
      ...{ elapsedMs: 1000 * seconds, brokers: "b", logDirectory: "log", view, models: ["m"], notices: [] },
      ...{ services: [{ ...service, lagRecords }], news: new NewsDesk().news, stopping: false },
    };
  }

  it("leaves the lines above it as they are, whether it grows or becomes smaller in the same second or not", async () => {
    const terminal = new headless.Terminal({ cols: SIZE.columns, rows: SIZE.rows, allowProposedApi: true });
    let written = "above\nshown\n";
    const output = {
      ...{ ...SIZE, isTTY: true, hasColors: () => false, on: () => {}, off: () => {} },
      write: (text: string) => {
        written += text;
        return true;
      },
    } as unknown as WriteStream;
    const input = { isTTY: false } as ReadStream;
    const screen = openScreen({ output, input, colours: true, onStop: () => {} });
    const first = [sceneOf(1, 0), sceneOf(1, 0, 5), sceneOf(1, 1, 5), sceneOf(1, 2, 5)];
    const later = [sceneOf(2, 2), sceneOf(2, 1), sceneOf(2, 3), sceneOf(3, 1), sceneOf(3, 1, 7)];
    for (const scene of [...first, ...later]) screen.draw(scene);
    await new Promise<void>((done) => terminal.write(written.replaceAll("\n", "\r\n"), done));
    const lines = Array.from({ length: SIZE.rows }, (_, y) =>
      terminal.buffer.active.getLine(y)?.translateToString(true),
    );
    assert.deepEqual(lines.slice(0, 3), ["above", "shown", "Regatta  00:00:03  Kafka b"]);
    assert.deepEqual(lines.filter((line) => line?.startsWith("topic")).length, 1);
    assert.ok(lines.includes("Ctrl-C stops; the next start goes on from there. Logs: log"));
  });
});
