import assert from "node:assert/strict";
import { hasTerminal } from "../../../deploy/local/terminal-job.js";

/** As proc(5) has it: number, name, state, parent, process group, session, terminal, foreground group of the terminal, flags. */
const stat = (name: string, group: number, foreground: number) =>
  `4242 (${name}) S 4200 ${group} 4100 34816 ${foreground} 4194304 100 0 0 0 1 2 0 0 20 0 11 0 98765\n`;

describe("a job of a shell", () => {
  it("has the terminal where its process group is the one in the foreground", () => {
    assert.equal(hasTerminal(stat("node", 4242, 4242)), true);
    assert.equal(hasTerminal(stat("node", 4242, 4100)), false);
    assert.equal(hasTerminal(stat("4100) S 1 4242 1 1 4242 (", 4242, 4100)), false);
  });

  it("is stopped by no terminal where none controls it", () => {
    assert.equal(hasTerminal(stat("node", 4242, -1)), true);
  });
});
