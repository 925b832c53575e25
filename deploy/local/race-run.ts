/**
 * One run of the race on this machine, from its start to its clean end: the services, the reader of their predictions, the screen.
 *
 * The end, in this order: 1 the producer stops; 2 after a run with --for, all that it wrote is raced; a run of a file ends by itself
 * when that is so;
 * 3 the other services commit and stop; 4 the final table. Kafka is stopped by the caller, after its last client.
 */
import { join, relative } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { SERVICE_NAMES } from "../../services/names.js";
import type { ClientOptions } from "../../shared/kafka/client.js";
import { KafkaError } from "../../shared/kafka/kafka-error.js";
import type { ServiceRow } from "./board.js";
import type { FileProgress } from "./file-progress.js";
import type { FileWatch } from "./file-watch.js";
import { freePort, isFree } from "./free-port.js";
import { NewsDesk } from "./race-news.js";
import { RaceReader, type RaceSink } from "./race-reader.js";
import { raceSink } from "./race-sink.js";
import { newRaceView } from "./race-view.js";
import { openScreen, type Scene, type Screen } from "./screen.js";
import { type Health, ServiceProbe, SILENT } from "./service-probe.js";
import { SupervisedService } from "./supervisor.js";

const HTTP_HOST = "127.0.0.1";
const DRAW_MS = 500;
const READ_MS = 250;
const PROBE_MS = 1000;
const DRAIN_MS = 20_000;
/** The services learn the ends of their inputs every 2 s. */
const SETTLED_PROBES = 3;
const NOTICES_MAX = 10;
const WAIT_TOLD_EVERY_MS = 30_000;

export interface RaceRunOptions {
  readonly brokers: string;
  /** For the board's own reader. */
  readonly client: ClientOptions;
  /** Of the first service; the others get the next ones. A port in use is replaced by a free one. */
  readonly httpPort: number;
  /** Of every service; HTTP_HOST and HTTP_PORT are added. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** INPUT_TOPICS of a service, by its name. */
  readonly inputs: ReadonlyMap<string, string>;
  /** Models in the order in which they are shown. */
  readonly models: readonly string[];
  /** Whether a board may have colours. */
  readonly colours: boolean;
  readonly servicesDirectory: string;
  readonly logDirectory: string;
  /** How long to race once every service is ready, in ms; undefined for no end. */
  readonly forMs: number | undefined;
  /** With {@link forMs}: the longest wait until every service is ready, in ms; the time of the run begins then in any case. */
  readonly readyMsMax: number;
  /** Of the file that is raced; undefined where records are generated. */
  readonly file?: FileWatch | undefined;
}

/** Why a run is over. */
export type End =
  | { readonly kind: "asked" }
  | { readonly kind: "elapsed" }
  /** All of the file is forecast. */
  | { readonly kind: "forecast" }
  /** The run was to last so long, and some service was not ready in that time: a line says which, and what it waited for. */
  | { readonly kind: "never-ready"; readonly message: string }
  /** A service says that its settings or topics cannot work. */
  | { readonly kind: "refused"; readonly message: string };

interface Runner {
  readonly service: SupervisedService;
  readonly probe: ServiceProbe;
  readonly url: string;
  health: Health;
}

export class RaceRun {
  readonly #options: RaceRunOptions;
  readonly #screen: Screen;
  readonly #reader: RaceReader;
  readonly #view = newRaceView();
  readonly #desk = new NewsDesk();
  readonly #sink: RaceSink;
  readonly #notices: string[] = [];
  readonly #startedMs = performance.now();
  #runners: readonly Runner[] = [];
  #readyMs: number | undefined;
  #progress: FileProgress | undefined;
  #waitToldMs = performance.now();
  #end: End | undefined;
  #wake: () => void = () => {};
  readonly #over = new Promise<void>((resolve) => {
    this.#wake = resolve;
  });

  constructor(options: RaceRunOptions) {
    this.#options = options;
    this.#screen = openScreen({
      output: process.stdout,
      input: process.stdin,
      colours: options.colours,
      onStop: () => this.end({ kind: "asked" }),
    });
    this.#sink = raceSink(this.#view, this.#desk, options.file?.topic);
    // A file's table has every series, also those whose last record was long ago.
    this.#reader = new RaceReader(options.client, options.file === undefined ? "tails" : "all");
  }

  /** Ends the run; only the first call gives the reason. */
  end(end: End): void {
    this.#end ??= end;
    this.#wake();
  }

  /** The services as they are now; none before the run. */
  get services(): readonly ServiceRow[] {
    return this.#runners.map(rowOf);
  }

  /** Shows that something happened. */
  notice(text: string): void {
    this.#notices.push(text.split("\n")[0]);
    if (this.#notices.length > NOTICES_MAX) this.#notices.shift();
    this.#screen.notice(text);
  }

  /**
   * Races until the end is called for, and ends.
   * @returns why it is over, what went wrong at the end (one line each), whether all that was written was raced, and how far a
   *   file is
   */
  async run(): Promise<{ end: End; faults: readonly string[]; drained: boolean; progress: FileProgress | undefined }> {
    this.#runners = await this.#startServices();
    const drawing = setInterval(() => this.#screen.draw(this.#scene(false)), DRAW_MS);
    const loops = [this.#repeat(READ_MS, () => this.#read()), this.#repeat(PROBE_MS, () => this.#probe())];
    await Promise.all(loops);
    clearInterval(drawing);
    const end = this.#end ?? { kind: "asked" };
    this.#screen.draw(this.#scene(true));
    const { faults, drained } = await this.#finish(end);
    this.#screen.close(end.kind === "refused" ? undefined : this.#scene(true));
    await this.#options.file?.close();
    await this.#reader.close();
    return { end, faults, drained, progress: this.#progress };
  }

  async #startServices(): Promise<Runner[]> {
    const runners: Runner[] = [];
    for (const [index, name] of SERVICE_NAMES.entries()) {
      const preferred = this.#options.httpPort + index;
      const port = (await isFree(preferred)) ? preferred : await freePort();
      const inputs = this.#options.inputs.get(name);
      const environment = {
        ...this.#options.environment,
        ...(inputs === undefined ? {} : { INPUT_TOPICS: inputs }),
        HTTP_HOST,
        HTTP_PORT: String(port),
      };
      const url = `http://${HTTP_HOST}:${port}`;
      const service = new SupervisedService(
        { name, environment },
        {
          servicesDirectory: this.#options.servicesDirectory,
          logDirectory: this.#options.logDirectory,
          onNotice: (text) => this.notice(text),
          onRefusal: (message) => this.end({ kind: "refused", message }),
        },
      );
      service.start();
      runners.push({ service, probe: new ServiceProbe(url), url, health: SILENT });
      this.#screen.notice(
        `${name}: metrics at ${url}/metrics, state at ${url}/state, log in ${join(relative("", this.#options.logDirectory), name)}.log`,
      );
    }
    return runners;
  }

  async #repeat(everyMs: number, work: () => Promise<void>): Promise<void> {
    while (this.#end === undefined) {
      await work();
      await Promise.race([pause(everyMs), this.#over]);
    }
  }

  async #read(): Promise<void> {
    await this.#reader.read(this.#sink);
  }

  async #probe(): Promise<void> {
    await Promise.all(
      this.#runners.map(async (runner) => {
        runner.health = await runner.probe.ask();
      }),
    );
    this.#noteReadiness();
    await this.#watchFile();
    const { forMs, readyMsMax } = this.#options;
    if (forMs === undefined) return;
    if (this.#readyMs !== undefined) {
      if (performance.now() - this.#readyMs >= forMs) this.end({ kind: "elapsed" });
    } else if (performance.now() - this.#startedMs >= readyMsMax + forMs) {
      this.end({ kind: "never-ready", message: `not ready until the end: ${this.#waitedFor()}` });
    }
  }

  async #watchFile(): Promise<void> {
    const { file } = this.#options;
    if (file === undefined || this.#end !== undefined) return;
    try {
      const [{ url }, ...others] = this.#runners;
      const lags = new Map(others.map(({ service, health }) => [service.name, health.lagRecords]));
      this.#progress = (await file.progress(url, lags)) ?? this.#progress;
      if (!(await file.isForecast())) return;
      if (this.#progress !== undefined) this.#progress = { ...this.#progress, lag: 0, forecast: true };
      this.end({ kind: "forecast" });
    } catch (error) {
      // It is asked again at the next probe.
      if (!(error instanceof KafkaError)) throw error;
    }
  }

  /** The race has begun once every service is ready; who keeps it waiting is told every half minute. */
  #noteReadiness(): void {
    if (this.#readyMs !== undefined) return;
    if (this.#runners.every(({ health }) => health.ready)) {
      this.#readyMs = performance.now();
    } else if (performance.now() > this.#waitToldMs + WAIT_TOLD_EVERY_MS) {
      this.#waitToldMs = performance.now();
      this.notice(`not ready: ${this.#waitedFor()}`);
    }
  }

  #waitedFor(): string {
    const waiting = this.#runners.filter(({ health }) => !health.ready);
    return waiting.map(({ service, health }) => `${service.name} (${health.state})`).join(", ");
  }

  async #finish(end: End): Promise<{ faults: string[]; drained: boolean }> {
    const [producer, ...others] = this.#runners;
    const faults = [await producer?.service.stop()];
    const drained = end.kind === "elapsed" && (await this.#drain(others));
    faults.push(...(await Promise.all(others.map(({ service }) => service.stop()))));
    await this.#reader.readToEnd(this.#sink);
    return { faults: faults.filter((fault) => fault !== undefined), drained };
  }

  /** Waits until all that the producer wrote was raced: no lag, and nothing moved for longer than a lag may be out of date. */
  async #drain(runners: readonly Runner[]): Promise<boolean> {
    const deadline = performance.now() + DRAIN_MS;
    let counted = -1;
    let settled = 0;
    while (settled < SETTLED_PROBES && performance.now() < deadline) {
      await pause(PROBE_MS);
      const healths = await Promise.all(runners.map(({ probe }) => probe.ask()));
      const count = healths.reduce((total, { records }) => total + records, 0);
      settled = count === counted && healths.every(({ lagRecords }) => lagRecords === 0) ? settled + 1 : 0;
      counted = count;
    }
    return settled === SETTLED_PROBES;
  }

  #scene(stopping: boolean): Scene {
    return {
      elapsedMs: performance.now() - this.#startedMs,
      brokers: this.#options.brokers,
      logDirectory: relative("", this.#options.logDirectory),
      view: this.#view,
      news: this.#desk.news,
      models: this.#options.models,
      services: this.services,
      notices: this.#notices,
      progress: this.#progress,
      stopping,
    };
  }
}

function rowOf({ service, health, url }: Runner): ServiceRow {
  const { state, recordsPerSecond, lagRecords } = health;
  return {
    name: service.name,
    state: service.state === "running" ? state : service.state,
    recordsPerSecond,
    lagRecords,
    url,
  };
}
