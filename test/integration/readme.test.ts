import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { blocksOf, readPage } from "../support/docs/pages.js";
import { topicEnd } from "../support/kafka/kafka-topics.js";
import { Stack } from "../support/services/stack.js";
import { root } from "../support/structure/imports.js";
import { waitFor } from "../support/wait.js";

describe("the README", function () {
  this.timeout(120_000);

  it("shows a plain client that reads predictions", async () => {
    const [code] = blocksOf(readPage("README.md"), "js");
    assert.ok(code);
    const stack = await Stack.open();
    // Inside the project, so that the example finds the package it imports.
    const folder = mkdtempSync(join(root, ".local", "readme-"));
    writeFileSync(join(folder, "reader.mjs"), code);
    for (const name of ["producer", "deserializer", "rls-racer"]) stack.start(name);
    // A consumer that subscribes to a topic that is not there yet learns of it minutes later.
    await waitFor("predictions", async () => (await topicEnd(stack.brokers, "rls-predictions")) > 0);
    const reader = spawn(process.execPath, [join(folder, "reader.mjs")], {
      env: { PATH: process.env.PATH, KAFKA_BROKERS: stack.brokers },
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      let printed = "";
      reader.stdout.setEncoding("utf8").on("data", (chunk: string) => {
        printed += chunk;
      });
      await waitFor(
        "predictions of both models",
        () => /^s\d rls1 i=3 y=/m.test(printed) && /^s\d rls2 i=3 y=/m.test(printed),
      );
    } finally {
      reader.kill("SIGKILL");
      rmSync(folder, { recursive: true });
      await stack.close();
    }
  });
});
