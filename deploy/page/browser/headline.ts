/** Who leads, by how much, since when, and how sure that is: what somebody who looks for a second sees. */
import type { Standing } from "../messages.js";
import { byId, make, makeSvg, modelName, setText } from "./elements.js";
import type { Race } from "./race-store.js";
import type { Place } from "./route.js";
import { agoText, countText, lessText, nameText, percentText, surenessOf, valueText } from "./words.js";

/** Evidence is shown from a hundredth of what it takes on, on an axis of powers of ten. */
const EVIDENCE_MIN_SHARE = 0.01;

export class Headline {
  readonly #heading = byId("race-heading", HTMLHeadingElement);
  readonly #said = byId("leader-said", HTMLParagraphElement);
  readonly #place = byId("headline", HTMLDivElement);

  show(place: Place | undefined, race: Race | undefined, nowMs: number): void {
    const standing = race?.standing ?? undefined;
    if (place === undefined || race === undefined || standing === undefined) {
      const text = place === undefined ? "Waiting for a first verdict" : `No verdict on ${nameText(place.series)} yet`;
      setText(this.#heading, text);
      document.title = "Regatta";
      this.#place.replaceChildren();
      return;
    }
    const champion = nameText(standing.champion);
    const series = nameText(place.series);
    this.#heading.replaceChildren(
      modelName(standing.champion),
      " is champion of ",
      make("bdi", "", series),
      make("small", "", ` topic ${place.topic}`),
    );
    setText(this.#said, `${champion} is champion of ${series}`);
    document.title = `${champion}: ${series} – Regatta`;
    this.#place.replaceChildren(
      sureness(standing),
      margin(race, standing),
      reign(race, standing, nowMs),
      scores(race, standing),
    );
  }
}

function tile(title: string, big: string | Node, ...more: readonly (string | Node)[]): HTMLElement {
  return make("div", "tile", make("h2", "", title), make("p", "big", big), ...more.map((line) => make("p", "", line)));
}

function sureness(standing: Standing): HTMLElement {
  const { level, title, text } = surenessOf(standing);
  const { evidence, threshold, challenger } = standing;
  const result = tile("How sure", title, text);
  result.classList.add(level);
  if (evidence === null || challenger === null) return result;
  result.append(
    gauge(evidence, threshold),
    make(
      "p",
      "",
      `Evidence for ${nameText(challenger)}: ${valueText(evidence)} of the ${valueText(threshold)} that make it champion.`,
    ),
  );
  return result;
}

/** How far the evidence for the challenger is, between nothing and what it takes. */
function gauge(evidence: number, threshold: number): SVGElement {
  const share = Math.min(
    1,
    Math.max(0, 1 - Math.log(Math.max(evidence / threshold, EVIDENCE_MIN_SHARE)) / Math.log(EVIDENCE_MIN_SHARE)),
  );
  const svg = makeSvg("svg", {
    viewBox: "0 0 100 6",
    preserveAspectRatio: "none",
    class: "gauge",
    "aria-hidden": "true",
  });
  svg.append(
    makeSvg("rect", { class: "gauge-all", x: 0, y: 0, width: 100, height: 6, rx: 1.5 }),
    makeSvg("rect", { class: "gauge-part", x: 0, y: 0, width: (100 * share).toFixed(1), height: 6, rx: 1.5 }),
  );
  return svg;
}

function margin(race: Race, { champion, challenger, gap, lower, upper }: Standing): HTMLElement {
  const scores = race.verdicts.at(-1)?.scores ?? [];
  const recent = (model: string | null) => scores.find((score) => score.model === model)?.fading;
  const [own, other] = [recent(champion), recent(challenger)];
  if (challenger === null) return tile("By how much", "–", "There is nobody to compare with.");
  const less = lessText(own, other);
  const against = nameText(challenger);
  return tile(
    "By how much",
    less ?? "–",
    less === undefined
      ? `There are no scores of ${against} yet.`
      : `recent squared error than ${against}: ${valueText(own)} against ${valueText(other)}.`,
    gap === null
      ? ""
      : `Gap ${valueText(gap)}, surely from ${valueText(lower)} to ${valueText(upper)}; below 0 the champion is better.`,
  );
}

function reign(race: Race, { since, n, i, at }: Standing, nowMs: number): HTMLElement {
  const begin = race.verdicts.findLast(({ decision }) => decision !== "keep");
  const judged = `Judged at i ${i}, ${agoText(at, nowMs)}, after ${countText(n)} observations.`;
  if (begin?.i !== since) return tile("Since when", `i ${since}`, "The verdict of then is not kept here.", judged);
  const before = begin.from === null ? "first of the list at the start" : `before that ${nameText(begin.from)}`;
  const reigned = `At i ${since}, ${countText(n - begin.n)} observations ago; ${before}.`;
  return tile("Since when", agoText(begin.at, nowMs), reigned, judged);
}

function scores(race: Race, { champion }: Standing): HTMLElement {
  const score = race.verdicts.at(-1)?.scores.find(({ model }) => model === champion);
  const { leader } = race;
  const luck =
    leader === null || leader.model === champion
      ? "It also has the least mse since the beginning."
      : `Least mse since the beginning: ${nameText(leader.model)}, since i ${leader.since}; that may be luck.`;
  const skill = score?.skill;
  return tile(
    "Is it any good",
    typeof skill === "number" ? `skill ${percentText(skill)}` : "skill –",
    typeof skill !== "number"
      ? "Nothing to compare with yet."
      : skill >= 0
        ? "less squared error than forecasting the last y again."
        : "worse than forecasting the last y again.",
    luck,
  );
}
