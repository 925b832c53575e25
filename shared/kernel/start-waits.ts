/** What a service waits for at its start: Kafka, topics that do not exist yet, a schema registry. The view shows it as a sentence. */
import { AwayLines } from "../away-lines.js";
import { AwayError } from "../errors.js";
import type { Admin } from "../kafka/admin.js";
import type { ClientTroubles } from "../kafka/client-troubles.js";
import type { KafkaError } from "../kafka/kafka-error.js";
import { AT_START, pause, persistently, retry } from "../kafka/patience.js";
import type { Logger } from "../logger.js";
import type { ServiceView } from "./observe/service-view.js";
import { prepareTopics, type TopicNeeds, type Topics } from "./topics/prepare-topics.js";

/** Between two questions whether a missing topic is there. */
const TOPIC_POLL_MS = 300;
const WAITING = "waiting for Kafka";

export interface StartWaitsOptions {
  readonly brokers: string;
  readonly troubles: ClientTroubles;
  readonly view: ServiceView;
  readonly stop: AbortSignal;
  readonly logger: Logger;
}

export class StartWaits {
  readonly #options: StartWaitsOptions;

  constructor(options: StartWaitsOptions) {
    this.#options = options;
    options.view.startWaitsFor = WAITING;
  }

  /** Makes the topics that are missing, and waits for inputs. @returns undefined where the service is stopped meanwhile */
  async forTopics(admin: Admin, needs: TopicNeeds): Promise<Topics | undefined> {
    const { view, stop, logger } = this.#options;
    let patience = AT_START;
    while (!stop.aborted) {
      const topics = await this.forKafka(() => prepareTopics(admin, needs, logger), patience);
      if (topics === undefined || !("missing" in topics)) return topics;
      const waitsFor = `waiting for topics ${topics.missing.join(", ")}, which do not exist`;
      if (view.startWaitsFor !== waitsFor)
        logger.info({ topics: topics.missing }, "waiting for topics that do not exist");
      view.startWaitsFor = waitsFor;
      // Kafka answered a moment ago: the next failure is not a broker that is just starting.
      patience = { ...AT_START, firstMs: 2 * TOPIC_POLL_MS };
      await pause(TOPIC_POLL_MS, stop);
    }
    return undefined;
  }

  /** Repeats `attempt` until a schema registry answers. @returns undefined where the service is stopped meanwhile */
  async forRegistry<T>(attempt: () => Promise<T>): Promise<T | undefined> {
    const { view, stop, logger } = this.#options;
    const lines = new AwayLines(logger);
    const onFailure = (error: Error) => {
      view.startWaitsFor = error.message;
      lines.tell(error);
    };
    const mayRetry = async (error: Error) => error instanceof AwayError;
    const result = await retry(attempt, { patience: AT_START, stop, onFailure, mayRetry });
    view.startWaitsFor = WAITING;
    return result;
  }

  /** Repeats `attempt` until Kafka carries it out. @returns undefined where the service is stopped meanwhile */
  forKafka<T>(attempt: () => Promise<T>, patience = AT_START): Promise<T | undefined> {
    const { brokers, view, stop, logger } = this.#options;
    const onFailure = (error: KafkaError, waitMs: number) => {
      const waitsFor = this.#reasonOf(error);
      view.startWaitsFor = waitsFor;
      // A line that begins so is of a broker that is away; the others are for somebody to act on.
      logger.warn({ err: error, brokers, waitMs }, waitsFor.startsWith(WAITING) ? WAITING : waitsFor);
    };
    return persistently(attempt, { patience, stop, onFailure });
  }

  /** What a client said of its connection explains more than the call that failed, which only reached its time limit. */
  #reasonOf(error: KafkaError): string {
    const { troubles, brokers } = this.#options;
    if (error.isForbidden) return `Kafka does not allow it: ${error.message}`;
    return troubles.reason ?? `waiting for Kafka at ${brokers}: ${error.message}`;
  }
}
