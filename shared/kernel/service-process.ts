/** A service's life: HTTP, slot, topics, loop; and its end. What runs is made in assemble.ts. */
import { setMaxListeners } from "node:events";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ConfigurationError } from "../errors.js";
import { Admin } from "../kafka/admin.js";
import { BrokerApis } from "../kafka/broker-apis.js";
import type { ClientOptions } from "../kafka/client.js";
import { ClientTroubles } from "../kafka/client-troubles.js";
import { isCompacted } from "../kafka/compaction-probe.js";
import { oldBrokerFault } from "../kafka/member-properties.js";
import { ASIDE, persistently } from "../kafka/patience.js";
import type { Logger } from "../logger.js";
import { type MemoryBudget, memoryBudget } from "../memory-budget.js";
import { valueEncoders } from "../registry/value-encoders.js";
import type { AnyCodec, AnyService } from "../service-definition.js";
import type { KernelSettings } from "../service-settings.js";
import { createOutput, createParts } from "./assemble.js";
import { ownAddress } from "./instances/own-address.js";
import { createMetrics, createRegistry, type KernelMetrics } from "./metrics.js";
import { registerGauges } from "./observe/gauges.js";
import { startHttpServer } from "./observe/http-server.js";
import { ServiceView } from "./observe/service-view.js";
import { isExactlyOnce, type Scope, seriesTopics, stateLayout } from "./scope.js";
import { StartWaits } from "./start-waits.js";
import { takeSlot } from "./store/slot.js";
import { StateMemory } from "./store/state-memory.js";
import { endSuddenly } from "./sudden-end.js";
import { refuseLoops, type TopicNeeds, topicNeeds } from "./topics/prepare-topics.js";
import { compareTopics, refuseUncompacted, usedTopics } from "./topics/topic-comparison.js";

/** The other instances notice by themselves that one has left: a Kafka that does not take its farewell is not waited for. */
const FAREWELL_MS = 2000;

export class ServiceProcess {
  readonly #service: AnyService;
  readonly #settings: KernelSettings;
  readonly #properties: Readonly<Record<string, string>>;
  readonly #logger: Logger;
  /** `<APPLICATION_ID>-<service>`: group id, and prefix of transactional id, changelogs and folder. */
  readonly #application: string;
  readonly #needs: TopicNeeds;
  readonly #budget: MemoryBudget = memoryBudget();
  readonly #memory: StateMemory;
  readonly #troubles: ClientTroubles;
  readonly #metrics: KernelMetrics;
  readonly #view: ServiceView;
  readonly #waits: StartWaits;
  /** Asked to stop: every wait of the service ends with this signal. */
  readonly #stop = newStop();
  #deadline: NodeJS.Timeout | undefined;
  /** Why its brokers cannot have this service. */
  #refused: ConfigurationError | undefined;

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
    this.#needs = topicNeeds(service, settings, this.#application);
    this.#memory = new StateMemory(this.#cacheBytes(), this.#budget.transactionState);
    this.#troubles = new ClientTroubles(properties, logger);
    const registry = createRegistry(service.name, settings.applicationId);
    this.#view = new ServiceView({
      service: service.name,
      application: this.#application,
      registry,
      readsInputs: service.kind === "processor",
      layout: stateLayout(service),
      topics: seriesTopics(service, settings),
      stateDir: settings.stateDir,
      httpToken: settings.httpToken,
      transactionTimeoutMs: settings.transactionTimeoutMs,
      memory: this.#memory,
      troubles: this.#troubles,
      stop: this.#stop.signal,
      logger,
    });
    this.#waits = new StartWaits({
      brokers: settings.brokers,
      troubles: this.#troubles,
      view: this.#view,
      stop: this.#stop.signal,
      logger,
    });
    registerGauges(registry, this.#view);
    this.#metrics = createMetrics(registry);
  }

  #cacheBytes(): number {
    const { storeCacheBytes } = this.#settings;
    if (storeCacheBytes !== "auto") return storeCacheBytes;
    const isPacked = Object.values<AnyCodec>(this.#service.stores).some((codec) => "packed" in codec);
    return isPacked ? this.#budget.packedState : this.#budget.stateCache;
  }

  /** Asks for a clean end; a second call changes nothing. */
  stop(signal: string): void {
    this.#end({ signal });
  }

  #refuse(broker: string): void {
    if (this.#stop.signal.aborted) return;
    this.#refused = new ConfigurationError([oldBrokerFault(broker)]);
    this.#end({ faults: this.#refused.faults });
  }

  #end(why: object): void {
    if (this.#stop.signal.aborted) return;
    this.#logger.info(why, "stopping");
    this.#stop.abort();
    this.#setDeadline();
  }

  /** @throws {TopicError | StoreError | ConfigurationError | Error} the service cannot continue */
  async run(): Promise<void> {
    const { httpAddress, httpHost, httpPort, httpToken } = this.#settings;
    const access = { host: httpHost, address: httpAddress, token: httpToken };
    const http = await startHttpServer(access, httpPort, this.#view);
    this.#logger.info({ url: `http://${httpHost}:${http.port}` }, "serving /metrics, /live, /ready, /state");
    try {
      await this.#runStream(ownAddress(httpAddress, httpHost, http.port, networkInterfaces()));
    } finally {
      await http.close();
    }
    // Whatever it had come to when it was refused.
    if (this.#refused !== undefined) throw this.#refused;
  }

  /** A client that waits for a broker, or for a group, would delay an ordinary exit without end. */
  #setDeadline(): void {
    const timeoutMs = this.#settings.shutdownTimeoutMs;
    this.#deadline ??= setTimeout(() => {
      this.#logger.warn({ timeoutMs }, "not done in time: uncommitted work is left to the next start");
      endSuddenly();
    }, timeoutMs).unref();
  }

  /** @param address where the other instances reach what this one serves */
  async #runStream(address: string): Promise<void> {
    const { stateDir, instanceId } = this.#settings;
    const { inputs, ownInputs, outputs } = this.#needs;
    const topics = this.#service.outputs(this.#settings as never);
    const encoders = await this.#waits.forRegistry(() => valueEncoders(this.#settings, topics));
    if (encoders === undefined) return;
    refuseLoops(
      inputs,
      outputs.map(({ name }) => name),
    );
    const directory = join(stateDir, this.#application);
    const slot = await takeSlot(directory);
    const clientOptions: ClientOptions = {
      settings: this.#settings,
      properties: this.#properties,
      clientId: `${this.#application}-${instanceId}-${slot.number}`,
      logger: this.#logger,
      troubles: this.#troubles,
    };
    const isNew = this.#settings.groupProtocol === "consumer";
    const admin = new Admin(clientOptions, isNew ? new BrokerApis((broker) => this.#refuse(broker)) : undefined);
    try {
      const found = await this.#waits.forTopics(admin, this.#needs);
      if (found === undefined) return;
      await this.#runLoop({
        service: this.#service,
        settings: this.#settings,
        application: this.#application,
        inputs: [...inputs, ...ownInputs.map(({ name }) => name)],
        directory,
        slot: slot.number,
        address,
        topics: found,
        encoders,
        budget: this.#budget,
        memory: this.#memory,
        admin,
        clientOptions,
        metrics: this.#metrics,
        view: this.#view,
        stop: this.#stop.signal,
        logger: this.#logger,
      });
    } finally {
      await admin.disconnect();
      await slot.release();
    }
  }

  async #runLoop(scope: Scope): Promise<void> {
    const { settings, application, topics, clientOptions, logger } = scope;
    const output = createOutput(scope);
    this.#view.showOutput(output);
    const connected = await this.#waits.forKafka(() => output.connect().then(() => true));
    if (connected === undefined) return;
    // The standbys end after the loop, which claims the folders of its tasks from them to the last.
    const loopEnded = new AbortController();
    const ends = { onLeave: () => this.#setDeadline(), loopEnded: loopEnded.signal };
    const { loop, processing, standbys, book } = createParts(scope, output, ends);
    this.#view.showLoop({ loop, standbys, book, tasks: topics.tasks, inputs: scope.inputs });
    const transactionalId = isExactlyOnce(settings) ? clientOptions.clientId : null;
    const threads = processing.jobs?.count ?? 0;
    logger.info({ group: application, transactionalId, tasks: topics.tasks, threads }, "running");
    const standing = standbys?.run();
    const announcing = book.run();
    let failure: unknown;
    this.#examineTopics(scope).catch((error: unknown) => {
      failure = error;
      this.#stop.abort();
    });
    this.#view.inputs.start();
    try {
      await loop.run();
      if (failure !== undefined) throw failure;
    } finally {
      this.#view.inputs.stop();
      loopEnded.abort();
      await standing;
      await Promise.race([announcing, delay(FAREWELL_MS, undefined, { ref: false })]);
      await processing.close();
      await output.disconnect();
    }
  }

  /** Beside the work. @throws {TopicError} a topic that exists cannot be used */
  async #examineTopics({ topics, clientOptions, stop, logger }: Scope): Promise<void> {
    const { changelogs, outputs, ownInputs } = this.#needs;
    await persistently(
      () =>
        refuseUncompacted(
          changelogs.filter((name) => topics.existing.has(name)),
          (name) => isCompacted(name, clientOptions),
        ),
      {
        patience: ASIDE,
        stop,
        onFailure: (error) => logger.debug({ err: error }, "it is not known whether changelogs are compacted"),
      },
    );
    const used = usedTopics([...outputs, ...ownInputs], changelogs, topics.existing);
    if (!stop.aborted) await compareTopics(used, clientOptions);
  }
}

/** As many waits as there are tasks may end with one signal: Node.js would warn of the eleventh. */
function newStop(): AbortController {
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  return stop;
}
