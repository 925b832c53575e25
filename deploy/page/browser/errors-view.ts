/** The distribution of the errors of the champion's forecasts. */
import { byId, makeSvg, setText } from "./elements.js";
import { binErrors } from "./error-bins.js";
import { colourNumber } from "./model-colours.js";
import type { Race } from "./race-store.js";
import { countText, valueText } from "./words.js";

const WIDTH = 310;
const HEIGHT = 100;
const FOOT = 16;

export class ErrorsView {
  readonly #place = byId("errors-chart", HTMLDivElement);
  readonly #note = byId("errors-note", HTMLParagraphElement);

  show(race: Race | undefined): void {
    const bins = race === undefined ? undefined : binErrors(race.points.y, race.points.yhat);
    if (race === undefined || bins === undefined) {
      this.#place.replaceChildren();
      setText(this.#note, "No errors yet.");
      return;
    }
    const { counts, span, errors, beyond, mean, half, most } = bins;
    const said = `${countText(errors)} errors, y − forecast, in the unit of y: mean ${valueText(mean)}, half of them within ±${valueText(half)}, 95 % within ±${valueText(most)}.`;
    const svg = makeSvg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT + FOOT}`, role: "img", "aria-label": said });
    const highest = Math.max(1, ...counts);
    const width = WIDTH / counts.length;
    const champion = race.standing?.champion ?? race.champions.at(-1) ?? "";
    for (const [k, count] of counts.entries()) {
      const height = (HEIGHT * count) / highest;
      const at = { x: (k * width + 0.75).toFixed(2), y: (HEIGHT - height).toFixed(2) };
      svg.append(
        makeSvg("rect", {
          ...at,
          width: (width - 1.5).toFixed(2),
          height: height.toFixed(2),
          class: `fill-${colourNumber(champion)}`,
        }),
      );
    }
    svg.append(makeSvg("line", { x1: WIDTH / 2, x2: WIDTH / 2, y1: 0, y2: HEIGHT, class: "zero" }));
    svg.append(makeSvg("line", { x1: 0, x2: WIDTH, y1: HEIGHT, y2: HEIGHT, class: "axis" }));
    for (const [x, anchor, value] of [
      [0, "start", -span],
      [WIDTH / 2, "middle", 0],
      [WIDTH, "end", span],
    ] as const) {
      const label = makeSvg("text", { x, y: HEIGHT + FOOT - 3, "text-anchor": anchor });
      label.textContent = valueText(value);
      svg.append(label);
    }
    this.#place.replaceChildren(svg);
    setText(this.#note, beyond === 0 ? said : `${said} ${countText(beyond)} lie beyond the picture.`);
  }
}
