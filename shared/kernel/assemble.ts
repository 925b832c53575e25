/** Makes the parts of a running service from its settings, one function a part; those of the loop are in assemble-loop.ts. */
import { killAt } from "../failpoint.js";
import { folderMemory } from "../memory-budget.js";
import type { AnyCodec } from "../service-definition.js";
import { createLoop } from "./assemble-loop.js";
import { Output } from "./commit/output.js";
import { AddressBook } from "./instances/address-book.js";
import { Processing } from "./loop/record-processing.js";
import type { StreamLoop } from "./loop/stream-loop.js";
import { isExactlyOnce, type Scope, subscription } from "./scope.js";
import { Standbys } from "./standby/standbys.js";
import type { StateIdentity } from "./task/state-identity.js";
import { TaskOpener } from "./task/task-opener.js";
import { TaskRestore } from "./task/task-restore.js";
import { WriteBehind } from "./task/write-behind.js";

export interface RunningParts {
  readonly loop: StreamLoop;
  readonly processing: Processing;
  /** Undefined where the service keeps none. */
  readonly standbys: Standbys | undefined;
  readonly book: AddressBook;
}

export function createOutput({ settings, clientOptions, stop }: Scope): Output {
  const transactionalId = isExactlyOnce(settings) ? clientOptions.clientId : undefined;
  return new Output(clientOptions, transactionalId, stop);
}

export interface Ends {
  /** Called when the loop begins to end, whatever the cause. */
  readonly onLeave: () => void;
  /** Ends the standbys and the address book. */
  readonly loopEnded: AbortSignal;
}

export function createParts(scope: Scope, output: Output, { onLeave, loopEnded }: Ends): RunningParts {
  const { service, application, settings, encoders, metrics, logger } = scope;
  const identity = identityOf(scope);
  const opener = createOpener(scope, identity);
  const book = createBook(scope, identity, loopEnded);
  const standbys = createStandbys(scope, identity, opener, book, loopEnded);
  const processing = new Processing({ service, application, settings, output, encoders, metrics, logger });
  const saves = new WriteBehind(scope.memory, scope.budget.unsavedState, settings.stateSaveIntervalMs);
  const restore = createRestore(scope, identity, opener, saves);
  const loop = createLoop(scope, { output, identity, opener, saves, restore, standbys, book, processing }, onLeave);
  return { loop, processing, standbys, book };
}

function identityOf(scope: Scope): StateIdentity {
  const { service, application, topics } = scope;
  return Object.freeze({
    application,
    inputs: subscription(scope),
    topicIds: topics.ids,
    codecs: service.stores as Readonly<Record<string, AnyCodec>>,
    tasks: topics.tasks,
  });
}

function createOpener(scope: Scope, identity: StateIdentity): TaskOpener {
  const { settings, directory, slot, topics, memory, budget, metrics, logger } = scope;
  const onStep = killAt(settings.failpoint);
  return new TaskOpener({
    identity,
    directory,
    slot,
    memory,
    // A task more or less makes no difference, a task that comes finds its share.
    folderMemory: folderMemory(budget, topics.tasks),
    onPiece: () => onStep("after-store-write"),
    metrics,
    logger,
  });
}

function createRestore(scope: Scope, identity: StateIdentity, opener: TaskOpener, saves: WriteBehind): TaskRestore {
  const { settings, admin, clientOptions, metrics, logger } = scope;
  const { onChangelogLoss } = settings;
  const exactlyOnce = isExactlyOnce(settings);
  return new TaskRestore({
    identity,
    opener,
    saves,
    exactlyOnce,
    onChangelogLoss,
    admin,
    clientOptions,
    metrics,
    logger,
  });
}

function createBook(scope: Scope, { inputs }: StateIdentity, stop: AbortSignal): AddressBook {
  const { application, settings, slot, address, admin, clientOptions, logger } = scope;
  const host = settings.instanceId;
  return new AddressBook({ application, host, slot, address, inputs, admin, clientOptions, stop, logger });
}

function createStandbys(
  scope: Scope,
  identity: StateIdentity,
  opener: TaskOpener,
  book: AddressBook,
  stop: AbortSignal,
): Standbys | undefined {
  const { service, settings, slot, admin, clientOptions, logger } = scope;
  if (settings.standbyReplicas === 0) return undefined;
  return new Standbys({
    service: service.name,
    identity,
    host: settings.instanceId,
    slot,
    replicas: settings.standbyReplicas,
    opener,
    book,
    admin,
    clientOptions,
    stop,
    logger,
  });
}
