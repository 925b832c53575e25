/** A service's life: HTTP, slot, topics, loop; and its end. */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { killAt } from "../failpoint.js";
import { Admin } from "../kafka/admin.js";
import type { ClientOptions } from "../kafka/client.js";
import { KafkaTroubles } from "../kafka/client-troubles.js";
import { isCompacted } from "../kafka/compaction-probe.js";
import { Consumer } from "../kafka/consumer.js";
import { consumerStatistics, type LogStatistics } from "../kafka/consumer-statistics.js";
import { KafkaError } from "../kafka/kafka-error.js";
import { partitionKey, type TopicPartition } from "../kafka/topic-partition.js";
import type { Logger } from "../logger.js";
import { folderMemory, memoryBudget } from "../memory-budget.js";
import type { Codec } from "../service-definition.js";
import type { KernelSettings } from "../service-settings.js";
import { Watermarks } from "./changelog/applied-positions.js";
import { changelogTopic } from "./changelog/changelog.js";
import { Output } from "./commit/output.js";
import { InputGrowth } from "./loop/input-growth.js";
import { type AnyService, Processing } from "./loop/record-processing.js";
import { StreamLoop } from "./loop/stream-loop.js";
import { createMetrics, type KernelMetrics } from "./metrics.js";
import { type HttpServer, startHttpServer } from "./observe/http-server.js";
import { Lag } from "./observe/input-lag.js";
import { InputStalls } from "./observe/input-stalls.js";
import { createProbes, inputLag } from "./observe/service-view.js";
import { StandingInputs } from "./observe/standing-inputs.js";
import { UnstableInputs } from "./observe/unstable-inputs.js";
import { Standbys } from "./standby/standbys.js";
import { type Slot, takeSlot } from "./store/slot.js";
import { StateMemory } from "./store/state-memory.js";
import { endSuddenly } from "./sudden-end.js";
import { InputWatch } from "./task/input-loss.js";
import type { Task } from "./task/task.js";
import { TaskOpener } from "./task/task-opener.js";
import { TaskReplay } from "./task/task-restore.js";
import { prepareTopics, refuseLoops, type Topics } from "./topics/prepare-topics.js";
import { compareTopics, usedTopics } from "./topics/topic-comparison.js";

const BACKOFF_MIN_MS = 100;
const BACKOFF_MAX_MS = 5000;
const TOPIC_POLL_MS = 300;
const WAITING = "waiting for Kafka";

export class ServiceProcess {
  readonly #service: AnyService;
  readonly #settings: KernelSettings;
  readonly #properties: Readonly<Record<string, string>>;
  readonly #logger: Logger;
  /** `<APPLICATION_ID>-<service>`: group id, and prefix of transactional id, changelogs and folder. */
  readonly #application: string;
  readonly #lag = new Lag();
  readonly #unstable = new UnstableInputs();
  readonly #stalls: InputStalls;
  readonly #budget = memoryBudget();
  readonly #memory: StateMemory;
  readonly #standing: StandingInputs;
  readonly #troubles: KafkaTroubles;
  readonly #metrics: KernelMetrics;
  #output: Output | undefined;
  #loop: StreamLoop | undefined;
  #standbys: Standbys | undefined;
  #stopping = false;
  #deadline: NodeJS.Timeout | undefined;
  /** What the start waits for, as a sentence. */
  #waitingFor: string | undefined = WAITING;
  /** See {@link ConsumerStatistics.coordinator}. */
  #coordinator: string | undefined;
  #consumers = 0;

  constructor(
    service: AnyService,
    settings: KernelSettings,
    properties: Readonly<Record<string, string>>,
    logger: Logger,
  ) {
    this.#service = service;
    this.#settings = settings;
    this.#properties = properties;
    this.#logger = logger;
    this.#application = `${settings.applicationId}-${service.name}`;
    this.#stalls = new InputStalls(settings.transactionTimeoutMs, logger);
    this.#memory = new StateMemory(settings.storeCacheBytes, this.#budget.transactionState);
    const inputs = { isSource: service.kind === "source", lag: this.#lag, loop: () => this.#loop };
    this.#standing = new StandingInputs(
      () => inputLag(inputs).filter(({ partition }) => this.#loop?.isRunning(partition)),
      logger,
    );
    this.#troubles = new KafkaTroubles(properties, logger);
    const probes = createProbes({
      ...inputs,
      stateDir: settings.stateDir,
      standing: () => this.#standing.all,
      stopping: () => this.#stopping,
      waitingFor: () => this.#waitedFor(),
      unstable: () => this.#unstable.of(this.#inputPartitions(), performance.now()),
      transactionRecords: () => this.#output?.records ?? 0,
      memory: this.#memory,
      standbyLag: () => this.#standbys?.lag() ?? [],
    });
    this.#metrics = createMetrics(service.name, settings.applicationId, probes);
  }

  /** Asks for a clean end; a second call changes nothing. */
  stop(signal: string): void {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#logger.info({ signal }, "stopping");
    this.#loop?.stop();
    this.#setDeadline();
  }

  /** A client that waits for a broker, or for a group, would hold an ordinary exit up for ever. */
  #setDeadline(): void {
    const timeoutMs = this.#settings.shutdownTimeoutMs;
    this.#deadline ??= setTimeout(() => {
      this.#logger.warn({ timeoutMs }, "not done in time: uncommitted work is left to the next start");
      endSuddenly();
    }, timeoutMs).unref();
  }

  /** @throws {TopicError | StoreError | Error} the service cannot go on */
  async run(): Promise<void> {
    const { httpHost, httpPort } = this.#settings;
    const http = await startHttpServer(httpHost, httpPort, {
      registry: this.#metrics.registry,
      notReady: () => this.#notReady(),
      storeNames: () => Object.keys(this.#service.stores),
      keys: (store, limit) => this.#keys(store, limit),
      value: (store, key) => this.#value(store, key),
    });
    this.#logger.info({ url: `http://${httpHost}:${http.port}` }, "serving /metrics, /live, /ready, /state");
    try {
      await this.#runStream();
    } finally {
      await this.#closeHttp(http);
    }
  }

  async #runStream(): Promise<void> {
    const service = this.#service;
    const settings = this.#settings;
    const inputs = service.kind === "processor" ? service.inputs(settings as never) : [];
    const outputs = service.outputs(settings as never);
    refuseLoops(
      inputs,
      outputs.map(({ name }) => name),
    );
    const directory = join(settings.stateDir, this.#application);
    const slot = await takeSlot(directory);
    const clientOptions: ClientOptions = {
      settings,
      properties: this.#properties,
      clientId: `${this.#application}-${settings.instanceId}-${slot.number}`,
      logger: this.#logger,
      troubles: this.#troubles,
    };
    const admin = new Admin(clientOptions);
    try {
      const topics = await this.#waitForTopics(admin, clientOptions, inputs, outputs);
      if (topics !== undefined) await this.#runLoop(admin, clientOptions, slot, directory, inputs, topics);
    } finally {
      await admin.disconnect();
      await slot.release();
    }
  }

  async #runLoop(
    admin: Admin,
    clientOptions: ClientOptions,
    slot: Slot,
    directory: string,
    inputs: readonly string[],
    topics: Topics,
  ): Promise<void> {
    const service = this.#service;
    const { processingGuarantee, commitIntervalMs, onChangelogLoss, onInputLoss } = this.#settings;
    const logger = this.#logger;
    const exactlyOnce = processingGuarantee === "exactly_once";
    const changelogs = this.#changelogs();
    const output = new Output(clientOptions, exactlyOnce ? clientOptions.clientId : undefined, () => this.#stopping);
    this.#output = output;
    const connected = await this.#persistently(async () => {
      await output.connect();
      return true;
    });
    if (connected === undefined) return;
    const subscribed = service.kind === "source" ? changelogs.slice(0, 1) : inputs;
    const codecs = service.stores as Readonly<Record<string, Codec<object>>>;
    const opener = new TaskOpener({
      application: this.#application,
      directory,
      slot: slot.number,
      codecs,
      inputs: subscribed,
      topicIds: topics.ids,
      memory: this.#memory,
      // A task more or less makes no difference, a task that comes finds its share.
      folderMemory: folderMemory(this.#budget, topics.tasks),
      tasks: topics.tasks,
      metrics: this.#metrics,
      logger,
    });
    const replay = new TaskReplay({
      application: this.#application,
      codecs,
      opener,
      exactlyOnce,
      onChangelogLoss,
      admin,
      clientOptions,
      metrics: this.#metrics,
      logger,
    });
    const standbys =
      this.#settings.standbyReplicas === 0
        ? undefined
        : new Standbys({
            service: service.name,
            application: this.#application,
            host: this.#settings.instanceId,
            slot: slot.number,
            inputs: subscribed,
            stores: Object.keys(service.stores),
            partitions: topics.tasks,
            replicas: this.#settings.standbyReplicas,
            opener,
            admin,
            clientOptions,
            logger,
          });
    this.#standbys = standbys;
    const processing = new Processing(service, this.#settings, output, this.#metrics, this.#metrics.registry, logger);
    const loop = new StreamLoop({
      service: service.name,
      application: this.#application,
      subscription: subscribed,
      isSource: service.kind === "source",
      partitions: topics.tasks,
      commitIntervalMs,
      onLeave: () => this.#setDeadline(),
      onStep: killAt(this.#settings.failpoint),
      connectConsumer: (onRebalance) => {
        // One that is used up may go on telling of itself while it is closed.
        const consumer = ++this.#consumers;
        this.#coordinator = undefined;
        this.#seeLogs([]);
        return Consumer.connect(clientOptions, this.#application, onRebalance, (json) => {
          if (consumer === this.#consumers) this.#onStatistics(json);
        });
      },
      output,
      memory: this.#memory,
      opener,
      replay,
      stopping: () => this.#stopping,
      inputs: new InputWatch({ admin, onLoss: onInputLoss, metrics: this.#metrics, logger }),
      processing,
      host: processing,
      claims: standbys,
      watermarks: new Watermarks(admin, changelogs, logger),
      growth: new InputGrowth({
        service: service.name,
        inputs,
        tasks: topics.tasks,
        admin,
        metrics: this.#metrics,
        logger,
      }),
      metrics: this.#metrics,
      logger,
    });
    this.#loop = loop;
    // A stop that was asked for while the clients connected found no loop to tell.
    if (this.#stopping) loop.stop();
    this.#waitingFor = undefined;
    const transactionalId = exactlyOnce ? clientOptions.clientId : null;
    logger.info(
      { group: this.#application, transactionalId, tasks: topics.tasks, threads: processing.jobs?.count ?? 0 },
      "running",
    );
    standbys?.start();
    let failure: unknown;
    const used = usedTopics(service.outputs(this.#settings as never), changelogs, topics.existing);
    compareTopics(used, clientOptions).catch((error: unknown) => {
      failure = error;
      loop.stop();
    });
    this.#standing.start();
    try {
      await loop.run();
      if (failure !== undefined) throw failure;
    } finally {
      this.#standing.stop();
      await standbys?.stop();
      await processing.jobs?.close();
      await output.disconnect();
    }
  }

  async #waitForTopics(
    admin: Admin,
    clientOptions: ClientOptions,
    inputs: readonly string[],
    outputs: readonly { name: string; config: Readonly<Record<string, string>> }[],
  ): Promise<Topics | undefined> {
    const needs = {
      service: this.#service.name,
      application: this.#application,
      inputs,
      outputs,
      changelogs: this.#changelogs(),
      partitions: this.#settings.topicPartitions,
      replicationFactor: this.#settings.replicationFactor,
      retentionMib: this.#settings.topicRetentionMib,
      isCompacted: (topic: string) => isCompacted(topic, clientOptions),
    };
    return this.#persistently(async () => {
      const topics = await prepareTopics(admin, needs, this.#logger);
      if (!("missing" in topics)) return topics;
      const waitingFor = `waiting for topics ${topics.missing.join(", ")}, which do not exist`;
      if (this.#waitingFor !== waitingFor)
        this.#logger.info({ topics: topics.missing }, "waiting for topics that do not exist");
      this.#waitingFor = waitingFor;
      return undefined;
    });
  }

  /** Repeats until `run` gives a result, with growing pauses while Kafka fails; undefined when the service is stopped meanwhile. */
  async #persistently<T>(run: () => Promise<T | undefined>): Promise<T | undefined> {
    const { brokers } = this.#settings;
    let waitMs = BACKOFF_MIN_MS;
    while (!this.#stopping) {
      try {
        const result = await run();
        if (result !== undefined) return result;
        waitMs = TOPIC_POLL_MS;
      } catch (error) {
        if (!(error instanceof KafkaError)) throw error;
        this.#waitingFor = this.#refusalOf(error);
        // A line that begins so is of a broker that is away; the others are for somebody to act on.
        const told = this.#waitingFor.startsWith(WAITING) ? WAITING : this.#waitingFor;
        this.#logger.warn({ err: error, brokers, waitMs }, told);
        waitMs = Math.min(2 * waitMs, BACKOFF_MAX_MS);
      }
      await delay(waitMs);
    }
    return undefined;
  }

  /** A call failed: what a client said of its connection tells more than the call, which only came to its time limit. */
  #refusalOf(error: KafkaError): string {
    if (error.isForbidden) return `Kafka does not allow it: ${error.message}`;
    return this.#troubles.reason ?? `waiting for Kafka at ${this.#settings.brokers}: ${error.message}`;
  }

  async #closeHttp(http: HttpServer): Promise<void> {
    this.#loop = undefined;
    await http.close();
  }

  #changelogs(): string[] {
    return Object.keys(this.#service.stores).map((store) => changelogTopic(this.#application, store));
  }

  #tasks(): Task[] {
    return this.#loop?.tasks ?? [];
  }

  #notReady(): string[] {
    const reasons: string[] = [];
    if (this.#stopping) reasons.push("stopping");
    const waitedFor = this.#waitedFor();
    if (waitedFor !== undefined) reasons.push(waitedFor);
    if (this.#loop?.isMember === false) reasons.push(joiningReason(this.#loop.loss));
    if (this.#loop?.rewinding === true) {
      const { dropped } = this.#loop;
      reasons.push(`reading again after an aborted transaction${dropped === undefined ? "" : ` (${dropped})`}`);
    }
    for (const task of this.#tasks()) if (task.state !== "running") reasons.push(`task ${task.id} is ${task.state}`);
    return [...reasons, ...this.#standing.reasons];
  }

  /** What has to come before the service can go on, at its start or later, as a sentence. */
  #waitedFor(): string | undefined {
    if (this.#waitingFor !== undefined) return this.#waitingFor;
    const forbidden = this.#loop?.missingRight;
    if (forbidden !== undefined) return `Kafka does not allow it: ${forbidden}`;
    const call = this.#output?.repeatedCall;
    if (call !== undefined)
      return this.#troubles.reason ?? `waiting for Kafka, which has not carried out "${call}" so far`;
    if (this.#coordinator !== undefined && this.#coordinator !== "up")
      return this.#troubles.reason ?? `waiting for the coordinator of its group (${this.#coordinator})`;
    return undefined;
  }

  #onStatistics(json: string): void {
    const { logs, coordinator } = consumerStatistics(json);
    this.#coordinator = coordinator;
    if (coordinator === "up") this.#troubles.answered();
    this.#seeLogs(logs);
    this.#stalls.look(this.#unstable.of(this.#inputPartitions(), performance.now()));
  }

  /**
   * The client goes on telling of partitions that were revoked, with ends that it does not ask for any more; nor does it ask for
   * those of a partition that waits for its state.
   */
  #seeLogs(logs: readonly LogStatistics[]): void {
    const of = (tasks: readonly Task[]) => {
      const inputs = new Set(tasks.flatMap(({ inputPartitions }) => inputPartitions.map(partitionKey)));
      return logs.filter((log) => inputs.has(partitionKey(log)));
    };
    const tasks = this.#tasks();
    this.#lag.onStatistics(of(tasks), Date.now());
    this.#unstable.onStatistics(of(tasks.filter(({ state }) => state === "running")), performance.now());
  }

  /** A source reads nothing. */
  #inputPartitions(): TopicPartition[] {
    if (this.#service.kind === "source") return [];
    return this.#tasks().flatMap(({ inputPartitions }) => inputPartitions);
  }

  async #keys(store: string, limit: number): Promise<string[]> {
    const keys: string[] = [];
    for (const { db } of this.#tasks()) {
      if (keys.length < limit && db !== undefined) keys.push(...(await db.keys(store, limit - keys.length)));
    }
    return keys.sort();
  }

  #value(store: string, key: string): unknown {
    for (const task of this.#tasks()) {
      const value = task.stores.find(({ name }) => name === store)?.inspect(key);
      if (value !== undefined) return value;
    }
    return undefined;
  }
}

const joiningReason = (loss: KafkaError | undefined): string =>
  loss === undefined ? "joining the group" : `joining the group again after: ${loss.message}`;
