import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../support/structure/imports.js";

type Pins = Readonly<Record<string, string>>;

describe("the examples of consumers", () => {
  const textOf = (path: string) => readFileSync(join(root, path), "utf8");

  it("pin in TypeScript what the project itself pins", () => {
    const own: { dependencies: Pins; devDependencies: Pins } = JSON.parse(textOf("package.json"));
    const theirs: typeof own = JSON.parse(textOf("examples/consumers/typescript/package.json"));
    for (const [name, version] of Object.entries({ ...theirs.dependencies, ...theirs.devDependencies }))
      assert.equal(version, { ...own.dependencies, ...own.devDependencies }[name], name);
  });

  it("pin in Java the client of the broker that tests run", () => {
    const [, client] =
      /<artifactId>kafka-clients<.*\s*<version>([^<]+)</.exec(textOf("examples/consumers/java/pom.xml")) ?? [];
    const [, broker] = /<kafka.version>([^<]+)</.exec(textOf("deploy/local/kafka/pom.xml")) ?? [];
    assert.ok(client !== undefined);
    assert.equal(client, broker);
  });

  it("read committed records alone, in every language", () => {
    for (const [path, isolation] of [
      ["python/latest_forecasts.py", '"isolation.level": "read_committed"'],
      ["java/LatestForecasts.java", '"isolation.level", "read_committed"'],
      ["go/main.go", "kgo.FetchIsolationLevel(kgo.ReadCommitted())"],
      ["typescript/latest-forecasts.ts", '"isolation.level": "read_committed"'],
      ["kcat/latest-forecasts.sh", "-X isolation.level=read_committed"],
    ])
      assert.ok(textOf(`examples/consumers/${path}`).includes(isolation), path);
  });
});
