/** What stands beside the race: changes of the champion, dead letters, services, the connection, what is left out. */
import type { LeftOut, Letter, ServiceHealth } from "../messages.js";
import { changesIn } from "./champion-marks.js";
import { byId, make, modelName, setText } from "./elements.js";
import type { Race } from "./race-store.js";
import { agoText, countText, nameText, valueText } from "./words.js";

const LETTERS_SHOWN = 30;
const CHANGES_SHOWN = 30;
const REASONS: Readonly<Record<string, string>> = {
  "first-observation": "first of the list, at the first observation",
  "champion-gone": "the one before is configured no longer",
};

/** The verdicts that made somebody champion, newest first. */
export function showChanges(races: readonly Race[], nowMs: number): void {
  const changes = races.flatMap(({ verdicts }) => changesIn(verdicts));
  const items = changes
    .sort((a, b) => b.i - a.i)
    .slice(0, CHANGES_SHOWN)
    .map(({ i, at, champion, from, reason, evidence }) => {
      const after = from === null ? "" : ` after ${nameText(from)}`;
      const why = reason === "evidence" ? `by evidence ${valueText(evidence)}` : (REASONS[reason] ?? reason);
      return make(
        "li",
        "",
        make("p", "", make("b", "", `i ${i} `), modelName(champion), after),
        make("p", "small", `${why}, ${agoText(at, nowMs)}`),
      );
    });
  const none = make("li", "empty", "No change among the verdicts that are kept here.");
  byId("verdicts", HTMLOListElement).replaceChildren(...(items.length === 0 ? [none] : items));
}

/** Dead letters, newest first. */
export function showLetters(letters: readonly Letter[], left: LeftOut | undefined, nowMs: number): void {
  const shown = letters.slice(-LETTERS_SHOWN).reverse();
  const items = shown.map(({ reason, message, service, origin, at, record, place }) => {
    const item = make(
      "li",
      "",
      make(
        "p",
        "",
        make("b", "", reason),
        ` of ${origin} `,
        make("span", "small", `${service}, record of ${agoText(at, nowMs)}`),
      ),
      make("p", "", message),
      make("p", "record", make("bdi", "", record)),
    );
    item.title = place;
    return item;
  });
  byId("letters", HTMLOListElement).replaceChildren(...(items.length === 0 ? [make("li", "empty", "None.")] : items));
  const total = letters.length + (left?.olderLetters ?? 0);
  setText(
    byId("letters-count", HTMLSpanElement),
    total > LETTERS_SHOWN ? `newest ${shown.length} of ${countText(total)}` : countText(total),
  );
}

/** A service each, with its state in words, its members, rate and lag as far as they are known. */
export function showServices(services: readonly ServiceHealth[] | null): void {
  const items = (services ?? []).map((service) => {
    const isRunning = service.state === "running";
    const item = make("li", isRunning ? "up" : "down", make("b", "", service.name), ` ${healthText(service)}`);
    item.title = (service.lags ?? []).map(({ topic, records }) => `${topic}: lag ${lagText(records)}`).join("\n");
    return item;
  });
  const unknown =
    services === null ? "Health of the services is not known yet." : "No service has a consumer group here.";
  byId("services", HTMLUListElement).replaceChildren(...(items.length === 0 ? [make("li", "", unknown)] : items));
}

/** A service that is down has a lag too where its group tells it. */
function healthText({ state, recordsPerSecond, lagRecords, members, lags }: ServiceHealth): string {
  const isRunning = state === "running";
  const lagging = (lags ?? []).filter(({ records }) => records !== 0);
  const topics = lagging.map(({ topic, records }) => `${topic} ${lagText(records)}`).join(", ");
  const of = (lags ?? []).length > 1 && lagging.length > 0 ? ` (${topics})` : "";
  const parts = [
    members === undefined || members === 0
      ? undefined
      : `${countText(members)} ${members === 1 ? "member" : "members"}`,
    recordsPerSecond === null || !isRunning ? undefined : `${countText(recordsPerSecond)}/s`,
    lagRecords === null || !(isRunning || members !== undefined) ? undefined : `lag ${countText(lagRecords)}${of}`,
  ].filter((part) => part !== undefined);
  return [state, parts.join(", ")].join(members === 0 ? ", " : " ").trimEnd();
}

const lagText = (records: number | null): string => (records === null ? "not known" : countText(records));

/** Whether the server is there, and where it reads. */
export function showConnection(
  brokers: string,
  awaySinceMs: number | undefined,
  trouble: string | null,
  nowMs: number,
): void {
  const place = byId("connection", HTMLParagraphElement);
  const isAway = awaySinceMs !== undefined;
  place.classList.toggle("away", isAway || trouble !== null);
  document.body.classList.toggle("stale", isAway);
  if (isAway) setText(place, `Away: the page's server was last heard ${agoText(awaySinceMs, nowMs)}. Trying again.`);
  else if (trouble !== null) setText(place, `Kafka at ${brokers} does not answer: ${trouble}`);
  else setText(place, brokers === "" ? "Connecting" : `Live from Kafka at ${brokers}`);
}

/** What the page does not show, and why. */
export function showLeftOut(left: LeftOut | undefined): void {
  const lines = [
    ...(left?.moreSeries ? [`There are more than ${countText(left.seriesMax)} series: the others are left out.`] : []),
    ...(left !== undefined && left.passedOver > 0
      ? [`${countText(left.passedOver)} offsets were passed over: results come faster than this page reads them.`]
      : []),
    ...(left !== undefined && left.strange > 0
      ? [`${countText(left.strange)} records have another form than the contract's and are left out.`]
      : []),
    ...(left === undefined ? [] : [`Of each race the newest ${countText(left.pointsEach)} observations are kept.`]),
  ];
  setText(byId("left", HTMLParagraphElement), lines.join(" "));
}
