/** What a test may ask of its Kafka, be it a container or a process. */
import type { LocalKafkaOptions } from "../../../deploy/local/local-kafka.js";

/** What container and process both can. One call at a time. */
export interface TestKafka {
  /** For KAFKA_BROKERS: `127.0.0.1:<port>`. */
  readonly brokers: string;
  /** SIGTERM, and waits for the broker's end. Nothing where it has ended already. */
  stop(): Promise<void>;
  /** SIGKILL, and waits for the broker's end. Nothing where it has ended already. */
  kill(): Promise<void>;
  /** Starts it again on its data and port, after a stop where it runs, and waits until it answers. */
  restart(): Promise<void>;
  /** Freezes it: connections stay open and nothing answers. @throws {Error} it does not run */
  pause(): Promise<void>;
  /** @throws {Error} it does not run */
  resume(): Promise<void>;
  /** Ends it for good. A container goes with its data; the process's folder stays for whoever made it. */
  close(): Promise<void>;
}

/** The folder is the process's; a container keeps its data inside. */
export type TestKafkaOptions = Pick<
  LocalKafkaOptions,
  "directory" | "port" | "controllerPort" | "clusterId" | "properties"
>;
