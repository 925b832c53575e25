/** Watches the race of a file: how far it is, and whether all of it is forecast. */
import { statSync } from "node:fs";
import { observationsTopic, topics } from "../../shared/contract/topics.js";
import { Admin } from "../../shared/kafka/admin.js";
import type { ClientOptions } from "../../shared/kafka/client.js";
import { EndWatch } from "./end-watch.js";
import type { FileProgress } from "./file-progress.js";
import { askReplay, type ReplayedFile } from "./replay-question.js";

/** Services that work on observations side by side. */
const READERS = ["stateful-estimator", "rls-racer", "ml-racer"];
const RESULTS = [topics.estimates.name, topics.rlsPredictions.name, topics.mlPredictions.name];

export class FileWatch {
  /** Raw topic of the file. */
  readonly topic: string;
  readonly #file: ReplayedFile;
  readonly #admin: Admin;
  readonly #end: EndWatch;
  #done = false;

  /** @param applicationId APPLICATION_ID of the services */
  constructor(client: ClientOptions, applicationId: string, topic: string, file: ReplayedFile) {
    this.topic = topic;
    this.#file = file;
    this.#admin = new Admin(client);
    const group = (service: string) => `${applicationId}-${service}`;
    this.#end = new EndWatch(client, this.#admin, [
      { groups: [group("deserializer")], topics: [topic] },
      { groups: READERS.map(group), topics: [observationsTopic(topic).name] },
      { groups: [], topics: RESULTS },
    ]);
  }

  /**
   * How far the file is, by what the services tell; undefined while the producer does not tell.
   * @param producerUrl of the producer's HTTP server, without a path
   * @param lags        records that a service has not read, by its name; undefined while it does not tell
   */
  async progress(
    producerUrl: string,
    lags: ReadonlyMap<string, number | undefined>,
  ): Promise<FileProgress | undefined> {
    const replay = await askReplay(producerUrl, this.#file);
    if (replay === undefined) return undefined;
    this.#done = replay.done;
    const lagOf = (service: string) => lags.get(service) ?? 0;
    const lag = lagOf("deserializer") + Math.max(...READERS.map(lagOf));
    return { name: this.#file.name, ...replay, bytes: sizeOf(this.#file.path), lag, forecast: false };
  }

  /**
   * Whether every row of the file has led to all that it will ever lead to, and all of that can be read.
   * @throws {KafkaError} a broker does not answer: ask again
   */
  async isForecast(): Promise<boolean> {
    return this.#done && (await this.#end.reached());
  }

  async close(): Promise<void> {
    await this.#admin.disconnect();
  }
}

/** 0 where the file cannot be looked at: it may be gone once it is read. */
function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
