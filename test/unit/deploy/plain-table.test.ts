import assert from "node:assert/strict";
import { plainTable } from "../../../deploy/cli/plain-table.js";

describe("a table of a command", () => {
  it("has a line for each row, whatever is in it, and nothing that commands a terminal", () => {
    const hostile = "\u001b[2Ja\r\nb\u0007\u009b\u202e\0";
    const text = plainTable([hostile, "n"], [[hostile, "1"]], [1]);
    assert.equal(
      text,
      `${"\\x1b[2Ja\\r\\nb\\x07\\x9b\\u202e\\x00"}  n\n${"\\x1b[2Ja\\r\\nb\\x07\\x9b\\u202e\\x00"}  1\n`,
    );
  });
});
