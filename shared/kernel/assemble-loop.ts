/** Makes the loop of a service and its parts from the settings, one function a part. */
import { killAt, type StepListener } from "../failpoint.js";
import { Consumer } from "../kafka/consumer.js";
import { AppliedPositions } from "./changelog/applied-positions.js";
import { changelogNames } from "./changelog/changelog.js";
import type { Output } from "./commit/output.js";
import type { AddressBook } from "./instances/address-book.js";
import { BatchPace } from "./loop/batch-pace.js";
import { Commits } from "./loop/commits.js";
import { BatchIntake, type Intake, SourceIntake } from "./loop/intake.js";
import { Membership } from "./loop/membership.js";
import type { Processing } from "./loop/record-processing.js";
import { Recovery } from "./loop/recovery.js";
import { RefusedWork } from "./loop/refused-work.js";
import { StreamLoop } from "./loop/stream-loop.js";
import type { Scope } from "./scope.js";
import type { Standbys } from "./standby/standbys.js";
import { Assignment } from "./task/assignment.js";
import { InputWatch } from "./task/input-loss.js";
import type { StateIdentity } from "./task/state-identity.js";
import type { TaskOpener } from "./task/task-opener.js";
import type { TaskRestore } from "./task/task-restore.js";
import type { WriteBehind } from "./task/write-behind.js";
import { InputGrowth } from "./topics/input-growth.js";

/** Parts that others use as well. */
export interface SharedParts {
  readonly output: Output;
  readonly identity: StateIdentity;
  readonly opener: TaskOpener;
  readonly saves: WriteBehind;
  readonly restore: TaskRestore;
  readonly standbys: Standbys | undefined;
  readonly book: AddressBook;
  readonly processing: Processing;
}

/** Parts that several parts of the loop use. */
interface LoopParts extends SharedParts {
  readonly onStep: StepListener;
  readonly refused: RefusedWork;
  readonly pace: BatchPace;
  readonly recovery: Recovery;
  /** Undefined for a source. */
  readonly inputs: InputWatch | undefined;
}

/** @param onLeave called when the loop begins to end, whatever the cause */
export function createLoop(scope: Scope, shared: SharedParts, onLeave: () => void): StreamLoop {
  const { service, settings, admin, metrics, stop, logger } = scope;
  const { output, processing, saves } = shared;
  const { jobs } = processing;
  const refused = new RefusedWork({ output, processing, logger });
  const pace = new BatchPace(jobs?.count ?? 1);
  const recovery = new Recovery({ output, processing, refused, pace, metrics, logger });
  const watch = { admin, onLoss: settings.onInputLoss, metrics, logger };
  const inputs = service.kind === "source" ? undefined : new InputWatch(watch);
  const onStep = killAt(settings.failpoint);
  const parts: LoopParts = { ...shared, onStep, refused, pace, recovery, inputs };
  return new StreamLoop({
    join: () => join(scope, parts),
    intake: createIntake(scope, parts),
    commits: createCommits(scope, parts),
    saves,
    recovery,
    refused,
    jobs,
    output,
    watchGrowth: createGrowthWatch(scope),
    stop,
    onLeave,
    logger,
  });
}

function join(
  scope: Scope,
  { identity, opener, restore, standbys, book, processing, inputs }: LoopParts,
): Promise<Membership> {
  const { service, application, clientOptions, topics, stop, view, metrics, logger } = scope;
  return Membership.join({
    subscription: identity.inputs,
    connectConsumer: (onRebalance) =>
      Consumer.connect(clientOptions, application, { onRebalance, onStatistics: view.nextConsumer() }),
    createAssignment: (consumer) =>
      new Assignment(
        {
          service: service.name,
          partitions: topics.tasks,
          opener,
          restore,
          inputs,
          stop,
          host: processing,
          claims: standbys ?? book,
          logger,
        },
        consumer,
      ),
    onPositionOutOfRange: () => inputs?.outOfRange(),
    metrics,
    logger,
  });
}

function createIntake(scope: Scope, { processing, output, refused, pace, inputs, onStep }: LoopParts): Intake {
  const { memory, metrics } = scope;
  if (inputs === undefined) return new SourceIntake({ processing, output, refused, onStep });
  return new BatchIntake({ processing, output, memory, refused, pace, inputs, metrics, onStep });
}

function createCommits(scope: Scope, { identity, output, processing, refused, recovery, onStep }: LoopParts): Commits {
  const { service, settings, application, memory, admin, metrics, logger } = scope;
  return new Commits({
    identity,
    commitIntervalMs: settings.commitIntervalMs,
    output,
    applied: new AppliedPositions(admin, changelogNames(service, application), logger),
    memory,
    processing,
    refused,
    recovery,
    metrics,
    onStep,
  });
}

function createGrowthWatch({ service, inputs, topics, admin, metrics, logger }: Scope): () => void {
  const growth = new InputGrowth({ service: service.name, inputs, tasks: topics.tasks, admin, metrics, logger });
  return () => growth.watch();
}
