import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** Local imports of every source file, both as paths from the project's root. */
function imports(): { from: string; to: string }[] {
  return ["services", "shared", "deploy"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .flatMap((file) => {
        const path = join(folder, file);
        const text = readFileSync(join(root, path), "utf8");
        return [...text.matchAll(/(?:from|import) "(\.[^"]+)"/g)].map(([, target]) => ({
          from: path,
          to: relative(root, join(root, dirname(path), target)).replace(/\.js$/, ".ts"),
        }));
      }),
  );
}

/** Packages that a source file loads; what is imported as a type alone is not. */
function packagesOf(file: string): string[] {
  const text = readFileSync(join(root, file), "utf8");
  return [...text.matchAll(/^import (?!type )[^;]*?from "([^."][^"]*)"/gm)]
    .map(([, name]) => name)
    .filter((name) => !name.startsWith("node:"));
}

describe("imports flow one way", () => {
  const all = imports();
  const offending = (wrong: (edge: { from: string; to: string }) => boolean) =>
    all.filter(wrong).map(({ from, to }) => `${from} imports ${to}`);

  it("and there are some", () => {
    assert.ok(all.length > 50);
  });

  it("shared/ imports neither services nor deploy", () => {
    assert.deepEqual(
      offending(({ from, to }) => from.startsWith("shared/") && !to.startsWith("shared/")),
      [],
    );
  });

  it("a service imports the doors of shared/, never the kernel's inside, another service or deploy", () => {
    assert.deepEqual(
      offending(({ from, to }) => {
        if (!from.startsWith("services/")) return false;
        const own = from.split("/").slice(0, 2).join("/");
        return !to.startsWith(`${own}/`) && (!to.startsWith("shared/") || to.startsWith("shared/kernel/"));
      }),
      [],
    );
  });

  it("the kernel is opened by stream.ts alone among the doors", () => {
    assert.deepEqual(
      offending(
        ({ from, to }) =>
          /^shared\/[^/]+$/.test(from) && to.startsWith("shared/kernel/") && from !== "shared/stream.ts",
      ),
      [],
    );
  });

  it("a main.ts is imported by nobody", () => {
    assert.deepEqual(
      offending(({ to }) => /^services\/[^/]+\/main\.ts$/.test(to)),
      [],
    );
  });

  it("a worker thread of ml-racer loads models, and neither the kernel nor anything of Kafka", () => {
    const reached = new Set(["services/ml-racer/forecast-thread.ts"]);
    for (const file of reached) for (const { from, to } of all) if (from === file) reached.add(to);
    assert.ok(reached.has("services/ml-racer/models/random-forest.ts"));
    assert.deepEqual(
      [...reached].filter((file) => file.startsWith("shared/kernel/") || file === "shared/stream.ts"),
      [],
    );
    const packages = new Set([...reached].flatMap(packagesOf));
    assert.deepEqual([...packages].sort(), ["lru-cache"]);
  });
});
