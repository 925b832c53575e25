/** How the one broker of a local run or a test is configured. */

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
    ...quickTakeover,
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
 * One node holds the only replica of everything; few partitions, since each is files to open at every start. When it stops it
 * has nobody to hand them to: it would leave them without a leader, and pass over the ends of transactions that are due just
 * then, see {@link patience}.
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
 * A broker whose heartbeats stay away for broker.session.timeout.ms is taken for dead: its partitions have no leader then, and
 * Kafka 4.3.1 passes over the ends of transactions that are due in that moment (KAFKA-20734). What they aborted is read with the
 * next commit, what they committed may go with the next abort. So a busy machine must not look dead too soon. On the other hand
 * a broker that was stopped or killed is refused by its own controller for as long as that holds its former life for alive
 * (DuplicateBrokerRegistration): at the default of 9 s a restart takes 14 s and more. While it is refused it has its
 * transactions already, and then its partitions lose their leaders for a moment. So it looks for transactions that outlived
 * their timeout only later; services that are back end their own.
 */
const patience = {
  "broker.session.timeout.ms": "6000",
  "broker.heartbeat.interval.ms": "500",
  "transaction.abort.timed.out.transaction.cleanup.interval.ms": "20000",
} as const;

/**
 * The group timeouts are the smallest that leave a member a few heartbeats: what a killed service held is taken over within
 * them. Kafka's own minima (45 s) are lowered for that.
 */
const quickTakeover = {
  "controller.quorum.election.timeout.ms": "500",
  "controller.quorum.fetch.timeout.ms": "1000",
  "group.initial.rebalance.delay.ms": "0",
  "group.min.session.timeout.ms": "1000",
  "group.consumer.min.session.timeout.ms": "6000",
  "group.consumer.session.timeout.ms": "6000",
  "group.consumer.min.heartbeat.interval.ms": "500",
  "group.consumer.heartbeat.interval.ms": "1500",
} as const;

/** Memory and disk of a laptop: a log keeps at most about 512 MiB a partition. */
const small = {
  "log.cleaner.dedupe.buffer.size": "4194304",
  "log.segment.bytes": "67108864",
  "log.retention.bytes": "536870912",
  "num.network.threads": "2",
  "num.io.threads": "4",
  "num.recovery.threads.per.data.dir": "2",
} as const;
