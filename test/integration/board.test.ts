import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import headless from "@xterm/headless";
import { freePort } from "../../deploy/local/free-port.js";
import { TerminalRun } from "../../deploy/pictures/terminal-run.js";
import { DEAD_LETTERS_TOPIC, LINEAR_TOPIC } from "../../shared/contract/topics.js";
import { waitForRecords, writeRecords } from "../support/kafka/kafka-topics.js";
import { stackFor } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

const START = fileURLToPath(new URL("../../deploy/local/start.js", import.meta.url));
const COLOURS = ["\u001b[32m", "\u001b[1m"];

describe("the board in a terminal, with 200 series", function () {
  this.timeout(300_000);
  const stack = stackFor();
  const directory = mkdtempSync(join(tmpdir(), "regatta-board-"));
  let run: TerminalRun | undefined;

  afterEach(async () => {
    await run?.stop();
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  async function start(
    size: { columns: number; rows: number },
    args: readonly string[] = [],
    more: Readonly<Record<string, string>> = {},
  ): Promise<TerminalRun> {
    const ports = ["--page-port", String(await freePort())];
    const race = ["--series", "200", "--features", "2", "--rate", "200", "--directory", directory];
    const environment = {
      ...{ PATH: process.env.PATH, LANG: "C.UTF-8", HTTP_PORT: String(await freePort()) },
      ...{ KAFKA_BROKERS: stack.brokers, STATE_DIR: join(directory, "state"), ML_MODELS: "lin", ...more },
    };
    run = new TerminalRun([process.execPath, START, ...race, ...ports, ...args], size, { directory, environment });
    return run;
  }

  /** What stands on a screen to which `written` was written; a line that wrapped begins with `wrapped: `. */
  async function screenOf(written: string, { columns, rows }: { columns: number; rows: number }): Promise<string[]> {
    const terminal = new headless.Terminal({ cols: columns, rows, allowProposedApi: true });
    await new Promise<void>((done) => terminal.write(written, done));
    const { active } = terminal.buffer;
    const lines = Array.from({ length: active.length }, (_, y) => active.getLine(y));
    return lines.map((line) => `${line?.isWrapped === true ? "wrapped: " : ""}${line?.translateToString(true) ?? ""}`);
  }

  /** The number of the page that the foot tells, and the first series that it shows. */
  const pageOf = (lines: readonly string[]) => {
    const page = lines.flatMap((line) => /^Page (\d+) of 100:/.exec(line)?.[1] ?? []).at(0);
    const head = lines.findIndex((line) => line.startsWith("dataLinearModel "));
    return `${page}: ${lines[head + 1]?.split(" ")[0]}`;
  };

  for (const columns of [40, 80, 120]) {
    it(`wraps nothing and leaves nothing behind at ${columns} columns, and its keys turn pages`, async () => {
      const size = { columns, rows: 24 };
      const board = await start(size);
      const screen = async (what: string, holds: (lines: readonly string[]) => boolean) =>
        waitFor(what, async () => {
          const lines = await screenOf(board.written, size);
          return holds(lines) ? lines : undefined;
        });
      const first = await screen(
        "all series",
        (lines) => pageOf(lines) === "1: s0" && lines.join().includes("mse lately"),
      );
      board.press("n");
      const second = await screen("the next page", (lines) => pageOf(lines) === "2: s2");
      board.press("p");
      board.press("p");
      const back = await screen("the page before", (lines) => pageOf(lines) === "1: s0");
      for (const lines of [first, second, back]) {
        const [begin, ...others] = lines.flatMap((line, y) => (line.startsWith("Regatta  ") ? [y] : []));
        assert.deepEqual(others, [], "one board");
        if (columns >= 80) assert.match(lines[begin - 1], /^The race is shown at /);
        assert.ok(!lines.slice(begin).some((line) => line.startsWith("wrapped: ")), lines.join("\n"));
      }
      assert.equal(await board.stop(), 0);
      const end = (await screenOf(board.written, size)).join("\n");
      assert.match(end, /^and 180 more series/m);
      assert.match(end, /^Stopped\./m);
    });
  }

  it("ends when its terminal is gone, and leaves nothing running", async () => {
    const board = await start({ columns: 80, rows: 24 });
    const [, url] = await board.said(/The race is shown at (\S+)/);
    await board.said(/rls-racer +\S*running/);
    board.hangUp();
    const isGone = () =>
      fetch(url).then(
        () => false,
        () => true,
      );
    await waitFor("the page to be closed", isGone);
    // A second race in the folder of one that runs would be refused.
    const next = await waitFor("another start", async () => {
      const again = await start({ columns: 80, rows: 24 });
      return (
        (await again.said(/The race is shown at|a race runs in this folder already/))[0].startsWith("The") && again
      );
    });
    assert.equal(await next.stop(), 0);
  });

  it("has colours, and none with --no-color or NO_COLOR", async () => {
    const size = { columns: 80, rows: 24 };
    const isUp = (board: TerminalRun) => board.said(/dataLinearModel 1-2 of 200/);
    const coloured = await start(size);
    await isUp(coloured);
    for (const colour of COLOURS) assert.ok(coloured.written.includes(colour));
    await coloured.stop();
    for (const [args, more] of [[["--no-color"], {}] as const, [[], { NO_COLOR: "1" }] as const]) {
      const plain = await start(size, args, more);
      await isUp(plain);
      for (const colour of COLOURS) assert.ok(!plain.written.includes(colour));
      await plain.stop();
    }
  });

  it("counts dead letters and tells the newest one's reason", async () => {
    await writeRecords(stack.brokers, [{ topic: LINEAR_TOPIC, partition: 0, key: "s0", value: "no observation" }]);
    const board = await start({ columns: 120, rows: 24 });
    await waitForRecords(stack.brokers, DEAD_LETTERS_TOPIC, 1);
    await board.said(/dead letters: [^\n]*1[^\n]*, newest: \S+ of dataLinearModel\[0\]@\d+ \(deserializer\)/);
  });
});
