/** The stream of what is new, opened again whenever it is lost. */
import type { PageUpdate } from "../messages.js";
import type { Place } from "./route.js";

/** The server says something every two seconds: one that has been silent for so long is away. */
const SILENCE_MAX_MS = 8000;
const LOOK_MS = 500;
const AGAIN_MS = 1500;

/** What is done with what comes. */
export interface ConnectionSink {
  update(update: PageUpdate): void;
  /** @param sinceMs when the server was heard last, by this clock; undefined where it is there */
  away(sinceMs: number | undefined): void;
}

export class Connection {
  readonly #sink: ConnectionSink;
  #place: Place | undefined;
  #source: EventSource | undefined;
  #heardMs = Date.now();
  #openedMs = 0;
  #isAway = false;

  constructor(sink: ConnectionSink) {
    this.#sink = sink;
    setInterval(() => this.#look(), LOOK_MS);
  }

  /** Opens the stream, with all of a series where one is named. What comes first is everything. */
  open(place: Place | undefined): void {
    this.#place = place;
    this.#source?.close();
    const query = place === undefined ? "" : `?${new URLSearchParams({ topic: place.topic, series: place.series })}`;
    const source = new EventSource(`events${query}`);
    this.#source = source;
    this.#openedMs = Date.now();
    source.onmessage = ({ data }: MessageEvent<string>) => {
      if (source !== this.#source) return;
      this.#heard();
      this.#sink.update(JSON.parse(data) as PageUpdate);
    };
    source.onerror = () => {
      if (source === this.#source) this.#lost();
    };
  }

  #heard(): void {
    this.#heardMs = Date.now();
    if (!this.#isAway) return;
    this.#isAway = false;
    this.#sink.away(undefined);
  }

  #lost(): void {
    if (this.#isAway) return;
    this.#isAway = true;
    this.#sink.away(this.#heardMs);
  }

  /** A browser tries again by itself where a connection fails, but not where it was refused, or hangs. */
  #look(): void {
    const now = Date.now();
    const isClosed = this.#source?.readyState === EventSource.CLOSED;
    const isSilent = now - Math.max(this.#heardMs, this.#openedMs) > SILENCE_MAX_MS;
    if (isSilent || isClosed) this.#lost();
    if (isSilent || (isClosed && now - this.#openedMs > AGAIN_MS)) this.open(this.#place);
  }
}
