/** What a running service is made from, once its topics are there. */

import { isObservationsTopic, rawTopicOf } from "../contract/topics.js";
import type { Admin } from "../kafka/admin.js";
import type { ClientOptions } from "../kafka/client.js";
import type { Logger } from "../logger.js";
import type { MemoryBudget } from "../memory-budget.js";
import type { AnyCodec, AnyService } from "../service-definition.js";
import type { KernelSettings } from "../service-settings.js";
import type { ValueEncoder } from "../value-encoder.js";
import { changelogNames } from "./changelog/changelog.js";
import type { KernelMetrics } from "./metrics.js";
import type { StateLayout } from "./observe/question.js";
import type { ServiceView } from "./observe/service-view.js";
import type { StateMemory } from "./store/state-memory.js";
import type { Topics } from "./topics/prepare-topics.js";

export interface Scope {
  readonly service: AnyService;
  readonly settings: KernelSettings;
  /** `<APPLICATION_ID>-<service>` */
  readonly application: string;
  /** Topics to read, those of the service's own among them; none for a source. */
  readonly inputs: readonly string[];
  /** Where the service's folders are, and which of them this process has. */
  readonly directory: string;
  readonly slot: number;
  /** Where this process serves, `host:port`, as other instances reach it. */
  readonly address: string;
  readonly topics: Topics;
  /** By topic, of those whose values are not the JSON that services make. */
  readonly encoders: ReadonlyMap<string, ValueEncoder>;
  readonly budget: MemoryBudget;
  readonly memory: StateMemory;
  readonly admin: Admin;
  readonly clientOptions: ClientOptions;
  readonly metrics: KernelMetrics;
  readonly view: ServiceView;
  readonly stop: AbortSignal;
  readonly logger: Logger;
}

/** A source subscribes to its first changelog, whose partitions are its tasks. */
export function subscription({ service, application, inputs }: Scope): readonly string[] {
  return service.kind === "source" ? changelogNames(service, application).slice(0, 1) : inputs;
}

/** The stores of a service as questions see them. */
export function stateLayout({ stores, slots = {} }: AnyService): StateLayout {
  const named = Object.entries<AnyCodec>(stores);
  return { stores: named.map(([name, { slotted = false }]) => ({ name, slotted })), slots };
}

/** The topics that the series of a service are of: those whose observations it reads, or that it writes itself. */
export function seriesTopics(service: AnyService, settings: KernelSettings): string[] {
  if (service.kind === "source") return service.outputs(settings as never).map(({ name }) => name);
  return service.inputs(settings as never).map((name) => (isObservationsTopic(name) ? rawTopicOf(name) : name));
}

export const isExactlyOnce = ({ processingGuarantee }: KernelSettings): boolean =>
  processingGuarantee === "exactly_once";
