/** Makes the parts of a running service from its settings: one function a part. What is new in a part's constructor is given here. */
import { killAt } from "../failpoint.js";
import type { Admin } from "../kafka/admin.js";
import type { ClientOptions } from "../kafka/client.js";
import { Consumer } from "../kafka/consumer.js";
import type { Logger } from "../logger.js";
import { folderMemory, type MemoryBudget } from "../memory-budget.js";
import type { AnyService, Codec } from "../service-definition.js";
import type { KernelSettings } from "../service-settings.js";
import { AppliedPositions } from "./changelog/applied-positions.js";
import { changelogTopic } from "./changelog/changelog.js";
import { Output } from "./commit/output.js";
import { Processing } from "./loop/record-processing.js";
import { StreamLoop } from "./loop/stream-loop.js";
import type { KernelMetrics } from "./metrics.js";
import type { ServiceView } from "./observe/service-view.js";
import { Standbys } from "./standby/standbys.js";
import type { StateMemory } from "./store/state-memory.js";
import { InputWatch } from "./task/input-loss.js";
import type { StateIdentity } from "./task/state-identity.js";
import { TaskOpener } from "./task/task-opener.js";
import { TaskRestore } from "./task/task-restore.js";
import { InputGrowth } from "./topics/input-growth.js";
import type { Topics } from "./topics/prepare-topics.js";

/** What the parts are made from. */
export interface Scope {
  readonly service: AnyService;
  readonly settings: KernelSettings;
  /** `<APPLICATION_ID>-<service>` */
  readonly application: string;
  /** Topics to read; none for a source. */
  readonly inputs: readonly string[];
  /** Where the service's folders are, and which of them this process has. */
  readonly directory: string;
  readonly slot: number;
  readonly topics: Topics;
  readonly budget: MemoryBudget;
  readonly memory: StateMemory;
  readonly admin: Admin;
  readonly clientOptions: ClientOptions;
  readonly metrics: KernelMetrics;
  readonly view: ServiceView;
  readonly stop: AbortSignal;
  readonly logger: Logger;
}

export interface RunningParts {
  readonly loop: StreamLoop;
  readonly processing: Processing;
  /** Undefined where the service keeps none. */
  readonly standbys: Standbys | undefined;
}

/** The changelogs of a service, in the order of its stores. */
export function changelogNames(service: AnyService, application: string): string[] {
  return Object.keys(service.stores).map((store) => changelogTopic(application, store));
}

export function createOutput({ settings, clientOptions, stop }: Scope): Output {
  const transactionalId = isExactlyOnce(settings) ? clientOptions.clientId : undefined;
  return new Output(clientOptions, transactionalId, () => stop.aborted);
}

/** @param onLeave called when the loop begins to end, whatever the cause */
export function createParts(scope: Scope, output: Output, onLeave: () => void): RunningParts {
  const identity = identityOf(scope);
  const opener = createOpener(scope, identity);
  const standbys = createStandbys(scope, identity, opener);
  const { service, settings, metrics, logger } = scope;
  const processing = new Processing(service, settings, output, metrics, metrics.registry, logger);
  const { application, topics, admin, memory, stop, view } = scope;
  const loop = new StreamLoop({
    service: service.name,
    identity,
    subscription: identity.inputs,
    isSource: service.kind === "source",
    partitions: topics.tasks,
    commitIntervalMs: settings.commitIntervalMs,
    onLeave,
    onStep: killAt(settings.failpoint),
    connectConsumer: (onRebalance) =>
      Consumer.connect(scope.clientOptions, application, onRebalance, view.nextConsumer()),
    output,
    memory,
    opener,
    restore: createRestore(scope, identity, opener),
    stop,
    stopping: () => stop.aborted,
    inputs: new InputWatch({ admin, onLoss: settings.onInputLoss, metrics, logger }),
    processing,
    host: processing,
    claims: standbys,
    applied: new AppliedPositions(admin, changelogNames(service, application), logger),
    watchGrowth: createGrowthWatch(scope),
    metrics,
    logger,
  });
  return { loop, processing, standbys };
}

function identityOf(scope: Scope): StateIdentity {
  const { service, application, topics } = scope;
  return Object.freeze({
    application,
    inputs: subscription(scope),
    topicIds: topics.ids,
    codecs: service.stores as Readonly<Record<string, Codec<object>>>,
    tasks: topics.tasks,
  });
}

function createOpener(scope: Scope, identity: StateIdentity): TaskOpener {
  const { directory, slot, topics, memory, budget, metrics, logger } = scope;
  return new TaskOpener({
    identity,
    directory,
    slot,
    memory,
    // A task more or less makes no difference, a task that comes finds its share.
    folderMemory: folderMemory(budget, topics.tasks),
    metrics,
    logger,
  });
}

function createRestore(scope: Scope, identity: StateIdentity, opener: TaskOpener): TaskRestore {
  const { settings, admin, clientOptions, metrics, logger } = scope;
  const { onChangelogLoss } = settings;
  const exactlyOnce = isExactlyOnce(settings);
  return new TaskRestore({
    identity,
    opener,
    exactlyOnce,
    onChangelogLoss,
    admin,
    clientOptions,
    metrics,
    logger,
  });
}

function createStandbys(scope: Scope, identity: StateIdentity, opener: TaskOpener): Standbys | undefined {
  const { service, settings, slot, admin, clientOptions, logger } = scope;
  if (settings.standbyReplicas === 0) return undefined;
  return new Standbys({
    service: service.name,
    identity,
    host: settings.instanceId,
    slot,
    replicas: settings.standbyReplicas,
    opener,
    admin,
    clientOptions,
    logger,
  });
}

function createGrowthWatch({ service, inputs, topics, admin, metrics, logger }: Scope): () => void {
  const growth = new InputGrowth({ service: service.name, inputs, tasks: topics.tasks, admin, metrics, logger });
  return () => growth.watch();
}

/** A source subscribes to its first changelog, whose partitions are its tasks. */
function subscription({ service, application, inputs }: Scope): readonly string[] {
  return service.kind === "source" ? changelogNames(service, application).slice(0, 1) : inputs;
}

export const isExactlyOnce = ({ processingGuarantee }: KernelSettings): boolean =>
  processingGuarantee === "exactly_once";
