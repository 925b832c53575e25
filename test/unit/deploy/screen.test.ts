import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { PassThrough } from "node:stream";
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

  /** A screen on a terminal of some size, which may change. */
  function open(size: { columns: number; rows: number }, written: string[], signal: (name: string) => void = () => {}) {
    const write = (text: string) => written.push(text) > 0;
    const output = Object.assign(new EventEmitter(), { ...size, isTTY: true, hasColors: () => false, write });
    const input = Object.assign(new PassThrough(), { isTTY: true, isRaw: false, setRawMode });
    const streams = { output: output as unknown as WriteStream, input: input as unknown as ReadStream };
    const job = { isForeground: () => true, signal };
    return { screen: openScreen({ ...streams, colours: true, onStop: () => {}, job }), output, input };
  }

  function setRawMode(this: { isRaw: boolean }, on: boolean): void {
    this.isRaw = on;
  }

  /** The lines of a terminal to which `written` was written. */
  async function linesOf(written: readonly string[]): Promise<string[]> {
    const terminal = new headless.Terminal({ cols: SIZE.columns, rows: SIZE.rows, allowProposedApi: true });
    await new Promise<void>((done) => terminal.write(written.join("").replaceAll("\n", "\r\n"), done));
    const { active } = terminal.buffer;
    return Array.from({ length: SIZE.rows }, (_, y) => active.getLine(y)?.translateToString(true) ?? "");
  }

  it("leaves the lines above it as they are, whether it grows or becomes smaller in the same second or not", async () => {
    const written = ["above\nshown\n"];
    const { screen } = open(SIZE, written);
    const first = [sceneOf(1, 0), sceneOf(1, 0, 5), sceneOf(1, 1, 5), sceneOf(1, 2, 5)];
    const later = [sceneOf(2, 2), sceneOf(2, 1), sceneOf(2, 3), sceneOf(3, 1), sceneOf(3, 1, 7)];
    for (const scene of [...first, ...later]) screen.draw(scene);
    const lines = await linesOf(written);
    screen.close(undefined);
    assert.deepEqual(lines.slice(0, 3), ["above", "shown", "Regatta  00:00:03  Kafka b"]);
    assert.deepEqual(lines.filter((line) => line?.startsWith("topic")).length, 1);
    assert.ok(lines.includes("Ctrl-C stops; the next start goes on from there. Logs: log"));
  });

  it("is a log, with the whole final table, on a terminal without a size", () => {
    for (const size of [
      { columns: 0, rows: 0 },
      { columns: 0, rows: 24 },
      { columns: 80, rows: 0 },
    ]) {
      const written: string[] = [];
      const { screen } = open(size, written);
      screen.notice("Kafka is there");
      screen.draw(sceneOf(6, 1));
      screen.close(sceneOf(7, 1));
      const lines = written.join("").split("\n");
      assert.equal(lines[0], "Kafka is there");
      assert.match(lines[1], /^00:00:06 topic0 m: mse 0/);
      assert.deepEqual(
        lines.filter((line) => line.startsWith("s")).map((line) => line.split(" ")[0]),
        ["s0", "s1"],
      );
      assert.ok(!written.join("").includes("\u001b"));
    }
  });

  it("waits where the terminal has lost its size, and keeps the final table", () => {
    const written: string[] = [];
    const { screen, output } = open(SIZE, written);
    screen.draw(sceneOf(1, 1));
    Object.assign(output, { columns: 0 });
    output.emit("resize");
    const before = written.length;
    screen.draw(sceneOf(2, 2));
    assert.equal(written.length, before);
    Object.assign(output, SIZE);
    output.emit("resize");
    assert.match(written.slice(before).join(""), /Regatta {2}00:00:02 .*topic1 /s);
    Object.assign(output, { columns: 0 });
    screen.close(sceneOf(3, 1));
    assert.match(written.at(-1) ?? "", /^topic0 .*^s0 /ms);
  });

  it("is drawn once for page keys that came together, with the page of them all", async () => {
    const written: string[] = [];
    const { screen, input } = open({ ...SIZE, rows: 20 }, written);
    const scene = sceneOf(1, 1);
    const totals = { i: 1, n: 1, y: 1, yhat: 1, error: 0, mse: 0 };
    for (let k = 2; k < 500; k++) see(scene.view, { topic: "topic0", series: `s${k}`, model: "m", ...totals });
    screen.draw(scene);
    const before = written.length;
    input.write("nnnnp");
    await new Promise((done) => setImmediate(done));
    await new Promise((done) => setImmediate(done));
    const drawn = written.slice(before).join("");
    assert.deepEqual(drawn.match(/Page \d+/g), ["Page 4"]);
    screen.close(undefined);
  });

  it("leaves the terminal as it was when the race begins to stop", () => {
    const { screen, input } = open(SIZE, []);
    screen.draw(sceneOf(1, 1));
    assert.equal(input.isRaw, true);
    screen.draw({ ...sceneOf(2, 1), stopping: true });
    assert.equal(input.isRaw, false);
  });

  it("begins below what a shell wrote after Ctrl-Z", async () => {
    const written: string[] = [];
    const { screen, input } = open(SIZE, written, (name) => written.push(`${name}\n$ fg\n`));
    screen.draw(sceneOf(1, 1));
    input.write("\x1a");
    await new Promise((done) => setImmediate(done));
    screen.draw(sceneOf(2, 1));
    screen.draw(sceneOf(3, 1));
    const lines = (await linesOf(written)).filter((line) => /^(Regatta|SIG|\$)/.test(line));
    assert.deepEqual(lines, ["Regatta  00:00:01  Kafka b", "SIGTSTP", "$ fg", "Regatta  00:00:03  Kafka b"]);
    screen.close(undefined);
  });
});
