/** How tables of text look: columns with a gap, no lines. */

const PLACES = [
  "top",
  "top-mid",
  "top-left",
  "top-right",
  "bottom",
  "bottom-mid",
  "bottom-left",
  "bottom-right",
].concat(["left", "left-mid", "mid", "mid-mid", "right", "right-mid"]);
const NO_LINES = Object.fromEntries(PLACES.map((place) => [place, ""]));

/** Options of cli-table3. */
export const PLAIN_TABLE = {
  chars: { ...NO_LINES, middle: "  " },
  style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
};
