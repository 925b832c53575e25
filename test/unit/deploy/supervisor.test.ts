import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SupervisedService } from "../../../deploy/local/supervisor.js";
import { waitFor } from "../../support/wait.js";

describe("a supervised service", () => {
  let folder: string;
  const notices: string[] = [];
  const refusals: string[] = [];

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "regatta-supervisor-"));
  });
  beforeEach(() => {
    notices.length = 0;
    refusals.length = 0;
  });
  after(() => rmSync(folder, { recursive: true }));

  function started(name: string, program: string): SupervisedService {
    mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, name, "main.js"), program);
    const service = new SupervisedService(
      { name, environment: { PATH: process.env.PATH, MARK: join(folder, `${name}.mark`) } },
      {
        servicesDirectory: folder,
        logDirectory: folder,
        onNotice: (text) => notices.push(text),
        onRefusal: (text) => refusals.push(text),
      },
    );
    service.start();
    return service;
  }

  it("is started again when it dies, with its last words told", async () => {
    const program = `
      const { existsSync, writeFileSync } = require("node:fs");
      if (existsSync(process.env.MARK)) setInterval(() => {}, 1000);
      else {
        writeFileSync(process.env.MARK, "");
        console.log(JSON.stringify({ level: "fatal", msg: "the first time" }));
        process.exitCode = 1;
      }`;
    const service = started("mortal", program);
    const first = service.pid;
    await waitFor("its second life", () => service.pid !== undefined && service.pid !== first);
    assert.deepEqual(notices, ["mortal died (exit code 1: the first time); starting again in 0.5 s"]);
    assert.equal(service.state, "running");
    assert.equal(await service.stop(), undefined);
    assert.equal(service.state, "stopped");
  });

  it("is left alone when it refuses its settings, and its message is handed on", async () => {
    const words = { level: "fatal", msg: "1 setting is wrong:\n  RATE=x" };
    const program = `console.log(JSON.stringify(${JSON.stringify(words)})); process.exitCode = 78;`;
    const service = started("refusing", program);
    await waitFor("the refusal", () => refusals.length > 0);
    assert.deepEqual(refusals, ["refusing: 1 setting is wrong:\n  RATE=x"]);
    assert.equal(service.state, "refused");
    assert.equal(await service.stop(), undefined);
  });

  it("is started again even where its log was deleted while it ran", async () => {
    const service = started(
      "unlogged",
      'require("node:fs").rmSync(process.argv[1].replace("/main.js", ".log")); process.exit(1);',
    );
    await waitFor("its death", () => service.state === "waiting");
    assert.deepEqual(notices, ["unlogged died (exit code 1); starting again in 0.5 s"]);
    await service.stop();
  });

  it("is left alone when it ends by itself with exit code 0", async () => {
    const service = started("finite", "");
    await waitFor("its end", () => service.state === "ended");
    assert.deepEqual(notices, ["finite has ended by itself."]);
  });

  it("is stopped by SIGTERM and waited for; an exit code other than 0 is told", async () => {
    const program = (code: number) => `
      process.on("SIGTERM", () => { console.log("bye"); setTimeout(() => process.exit(${code}), 50); });
      setInterval(() => {}, 1000);
      console.log("ready");`;
    const expected = {
      polite: undefined,
      failing: `failing: ended with exit code 3; see ${join(folder, "failing.log")}`,
    };
    for (const [name, end] of Object.entries(expected)) {
      const service = started(name, program(name === "polite" ? 0 : 3));
      await waitFor("its start", () => readFileSync(join(folder, `${name}.log`), "utf8") === "ready\n");
      assert.equal(await service.stop(), end);
      assert.equal(readFileSync(join(folder, `${name}.log`), "utf8"), "ready\nbye\n");
    }
    assert.deepEqual(notices, []);
  });

  it("is not started again once it was stopped between two lives", async () => {
    const service = started("short-lived", "process.exitCode = 1;");
    await waitFor("its death", () => service.state === "waiting");
    await service.stop();
    assert.equal(service.state, "stopped");
    assert.equal(service.pid, undefined);
  });
});
