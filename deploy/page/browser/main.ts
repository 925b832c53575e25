/** The page: what the server pushes is put together, and what has changed is drawn with the next frame. */
import type { PageUpdate, Source } from "../messages.js";
import { Connection } from "./connection.js";
import { byId, make } from "./elements.js";
import { ErrorsView } from "./errors-view.js";
import { ForecastView } from "./forecast-view.js";
import { Headline } from "./headline.js";
import { type Part, type Race, RaceStore } from "./race-store.js";
import { hashOf, keyOf, type Place, placeOf } from "./route.js";
import { ScoresView } from "./scores-view.js";
import { SeriesList } from "./series-list.js";
import { showChanges, showConnection, showLeftOut, showLetters, showServices } from "./side-views.js";

/** Errors are counted again that often: one among thousands changes nothing that could be seen. */
const ERRORS_MS = 1000;
/** Times that are told as so long ago are drawn again that often. */
const CLOCK_MS = 5000;
const ALL: readonly Part[] = ["rows", "letters", "services", "left", "series"];

const store = new RaceStore();
const dirty = new Set<Part>(ALL);
let isDue = false;
let place: Place | undefined = placeOf(location.hash);
let source: Source | undefined;
let awaySinceMs: number | undefined;
/** What the parts below the forecasts were drawn of. */
let drawn = { scores: "", errors: "", errorsMs: 0 };

const drawSeries = () => draw("series");
const headline = new Headline();
const forecast = new ForecastView(drawSeries);
const scores = new ScoresView(drawSeries);
const errors = new ErrorsView();
const list = new SeriesList(store, () => draw("rows"));
const connection = new Connection({ update, away });

/** Draws these parts with the next frame. A page in the background has none: it draws when it is looked at. */
function draw(...parts: readonly Part[]): void {
  for (const part of parts) dirty.add(part);
  if (isDue) return;
  isDue = true;
  requestAnimationFrame(drawFrame);
}

function drawFrame(): void {
  isDue = false;
  const nowMs = Date.now() + store.clockMs;
  if (dirty.has("series")) drawRace(nowMs);
  if (dirty.has("rows")) list.show(place);
  if (dirty.has("letters")) showLetters(store.letters, store.left, nowMs);
  if (dirty.has("services")) showServices(store.services);
  if (dirty.has("left")) showLeftOut(store.left);
  showConnection(store.brokers, awaySinceMs, store.left?.trouble ?? null, Date.now());
  dirty.clear();
}

function drawRace(nowMs: number): void {
  const { races } = store;
  const race =
    races.find((one) => one.source === source) ?? races.find(({ standing }) => standing !== null) ?? races[0];
  showSources(races, race);
  headline.show(place, race, nowMs);
  forecast.show(race);
  drawRarely(races, race);
  showChanges(races, nowMs);
}

/** Scores change with a verdict, and not with every observation. */
function drawRarely(races: readonly Race[], race: Race | undefined): void {
  const series = place === undefined ? "" : keyOf(place);
  const verdicts = races.map(
    (one) => `${one.source} ${one.verdicts.length} ${one.verdicts.at(-1)?.i} ${one.standing?.champion}`,
  );
  const scoresOf = [series, scores.shown, ...verdicts].join("\n");
  const errorsOf = [series, race?.source, race?.standing?.champion].join("\n");
  if (scoresOf !== drawn.scores) scores.show(races);
  const now = Date.now();
  const areErrorsDue = errorsOf !== drawn.errors || now - drawn.errorsMs >= ERRORS_MS;
  if (areErrorsDue) errors.show(race);
  drawn = { scores: scoresOf, errors: errorsOf, errorsMs: areErrorsDue ? now : drawn.errorsMs };
}

/** A series that both racers race has two champions: which one is looked at can be chosen. */
function showSources(races: readonly Race[], shown: Race | undefined): void {
  const choice = byId("sources", HTMLFieldSetElement);
  choice.hidden = races.length < 2;
  const names = races.map((race) => race.source).join();
  if (choice.dataset.names !== names) {
    choice.dataset.names = names;
    const legend = choice.querySelector("legend");
    choice.replaceChildren(...(legend === null ? [] : [legend]), ...races.map((race) => sourceChoice(race.source)));
  }
  for (const input of choice.querySelectorAll("input")) input.checked = input.value === shown?.source;
}

function sourceChoice(name: Source): HTMLElement {
  const input = make("input", "");
  input.type = "radio";
  input.name = "source";
  input.value = name;
  input.addEventListener("change", () => {
    source = name;
    draw("series");
  });
  return make("label", "", input, name);
}

function update(pushed: PageUpdate): void {
  draw(...store.apply(pushed));
  if (place === undefined && list.first !== undefined) location.replace(hashOf(list.first));
}

function away(sinceMs: number | undefined): void {
  awaySinceMs = sinceMs;
  draw();
}

function goTo(): void {
  const asked = placeOf(location.hash);
  if (asked === undefined && list.first !== undefined) {
    location.replace(hashOf(list.first));
    return;
  }
  place = asked;
  store.leaveSeries();
  connection.open(place);
  draw("series", "rows");
}

addEventListener("hashchange", goTo);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  forecast.forget();
  scores.forget();
  drawn = { scores: "", errors: "", errorsMs: 0 };
  draw(...ALL);
});
setInterval(() => draw("series", "letters"), CLOCK_MS);
connection.open(place);
draw();
