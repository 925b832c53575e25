import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import { digestOf, looksOf, noteTaken, PICTURES, takenOf } from "../../../deploy/pictures/pictures.js";
import { root } from "../../support/structure/imports.js";

const BYTES_MAX = 300_000;

describe("the pictures of the documents", () => {
  const directory = posix.join(root, PICTURES);
  const taken = takenOf(directory);

  it("show what there is now", () => {
    const old = Object.keys(taken).filter((name) => taken[name] !== digestOf(name));
    const advice = `${old.join(", ")} in ${PICTURES}: older than what it shows. npm run screenshots takes it again; look at it`;
    assert.deepEqual(old, [], advice);
  });

  it("are those of board and page at least, each small, and none besides", () => {
    const names = readdirSync(directory).filter((name) => name.endsWith(".png"));
    assert.deepEqual(names.sort(), Object.keys(taken).sort());
    for (const name of ["board.png", "page-light.png", "page-dark.png", "page-phone.png"])
      assert.ok(name in taken, name);
    for (const name of names) assert.ok(statSync(join(directory, name)).size < BYTES_MAX, name);
  });

  it("are shown by a page each", () => {
    const pages = ["README.md", ...readdirSync(posix.join(root, "docs")).map((name) => `docs/${name}`)];
    const text = pages
      .filter((path) => path.endsWith(".md"))
      .map((path) => readFileSync(posix.join(root, path), "utf8"));
    for (const name of Object.keys(taken)) assert.ok(text.join("").includes(`pictures/${name}`), name);
  });

  it("are noted each for itself", () => {
    const folder = mkdtempSync(join(tmpdir(), "regatta-taken-"));
    try {
      assert.deepEqual(takenOf(folder), {});
      noteTaken(folder, ["page-dark.png"]);
      noteTaken(folder, ["board.png"]);
      assert.deepEqual(takenOf(folder), {
        "board.png": digestOf("board.png"),
        "page-dark.png": digestOf("page-dark.png"),
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
    assert.throws(() => digestOf("other.png"), /expected one of board\.png, .*, got other\.png/);
  });

  it("are not older for a comment, an import or another indentation, and are for a word", () => {
    const looks = (text: string) => looksOf(`/** One. */\nimport { a } from "a";\n\n  show("${text}"); // as it is\n`);
    assert.equal(
      looks("a"),
      looksOf('/**\n * Two.\n */\nimport {\n  b,\n} from "b";\nshow("a"); // as it is\n// Three.\n'),
    );
    assert.notEqual(looks("a"), looks("b"));
    assert.equal(looksOf("/* One.\n * two */\n* {\n  b: c;\n}\n*, a {}\n"), "* {\nb: c;\n}\n*, a {}\n");
    assert.equal(looksOf("a {\n  b: c;\n}\n"), "a {\nb: c;\n}\n");
  });
});
