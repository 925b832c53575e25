/** The configuration of the one broker of a local run or a test. */

export interface BrokerPlace {
  /** Folder of the broker's logs (Kafka's word for its data). */
  readonly dataDirectory: string;
  readonly port: number;
  readonly controllerPort: number;
}

/**
 * Properties of a broker that is its own controller and listens on 127.0.0.1 only, as values by name.
 * @param extra properties that add to these or take the place of one
 */
export function brokerProperties(
  place: BrokerPlace,
  extra: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  return {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.quorum.voters": `1@127.0.0.1:${place.controllerPort}`,
    "controller.listener.names": "CONTROLLER",
    listeners: `PLAINTEXT://127.0.0.1:${place.port},CONTROLLER://127.0.0.1:${place.controllerPort}`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${place.port}`,
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "log.dirs": place.dataDirectory,
    "auto.create.topics.enable": "false",
    ...singleNode,
    ...patience,
    ...quorum,
    ...groupTimeouts(6000, 500),
    ...small,
    ...extra,
  };
}

/** {@link brokerProperties} as the text of a configuration file. */
export function kafkaProperties(place: BrokerPlace, extra: Readonly<Record<string, string>> = {}): string {
  return Object.entries(brokerProperties(place, extra))
    .map(([name, value]) => `${name}=${value.replaceAll("\\", "\\\\")}\n`)
    .join("");
}

/**
 * One node has the only replica of everything, and few partitions, since each has files to open at every start. A controlled
 * shutdown would leave its partitions without a leader, as no other node takes them, and skip the ends of transactions that are due
 * just then, see {@link patience}.
 */
const singleNode = {
  "controlled.shutdown.enable": "false",
  "default.replication.factor": "1",
  "min.insync.replicas": "1",
  "offsets.topic.replication.factor": "1",
  "offsets.topic.num.partitions": "4",
  "transaction.state.log.replication.factor": "1",
  "transaction.state.log.min.isr": "1",
  "transaction.state.log.num.partitions": "4",
  "share.coordinator.state.topic.replication.factor": "1",
  "share.coordinator.state.topic.min.isr": "1",
  "share.coordinator.state.topic.num.partitions": "1",
} as const;

/**
 * How long the controller waits for the heartbeats of its broker (broker.session.timeout.ms):
 * - Not shorter: the partitions of a broker that is declared dead have no leader, and Kafka 4.3.1 skips the ends of transactions
 *   that are due in that moment (KAFKA-20734). Records that were aborted are then read with the next commit, committed ones may be
 *   lost with the next abort. A busy machine must not look like a dead one.
 * - Not longer: a broker that was stopped or killed is refused until its old registration expires (DuplicateBrokerRegistration). At
 *   the default of 9 s a restart takes 14 s and more.
 * A broker that is refused has its transactions already, and loses its leaders for a moment when it is let in. So it ends expired
 * transactions late (the cleanup interval); services that come back end their own.
 */
const patience = {
  "broker.session.timeout.ms": "6000",
  "broker.heartbeat.interval.ms": "500",
  "transaction.abort.timed.out.transaction.cleanup.interval.ms": "20000",
} as const;

/** One node elects itself at once, and no group waits for its first members. */
const quorum = {
  "controller.quorum.election.timeout.ms": "500",
  "controller.quorum.fetch.timeout.ms": "1000",
  "group.initial.rebalance.delay.ms": "0",
  "group.min.session.timeout.ms": "1000",
} as const;

/**
 * Timeouts of groups of the consumer protocol: the partitions of a killed member go to others after `sessionMs`, in which a live
 * one must send a few heartbeats. Kafka's own minimum, 45 s, is lowered for that. Who takes them over learns of it with its next
 * heartbeat, so the time between two of them counts as well.
 */
export function groupTimeouts(sessionMs: number, heartbeatMs: number): Readonly<Record<string, string>> {
  return {
    "group.consumer.min.session.timeout.ms": String(sessionMs),
    "group.consumer.session.timeout.ms": String(sessionMs),
    "group.consumer.min.heartbeat.interval.ms": "500",
    "group.consumer.heartbeat.interval.ms": String(heartbeatMs),
  };
}

/** Memory and disk of a laptop: a log keeps at most about 512 MiB a partition. */
const small = {
  "log.cleaner.dedupe.buffer.size": "4194304",
  "log.segment.bytes": "67108864",
  "log.retention.bytes": "536870912",
  "num.network.threads": "2",
  "num.io.threads": "4",
  "num.recovery.threads.per.data.dir": "2",
} as const;
