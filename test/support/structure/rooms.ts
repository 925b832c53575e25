/**
 * The rooms of the project and what each may import beside itself: a new arrow between two rooms is a line that somebody has to
 * write here. A file is in the room of the longest name that it is, or lies in. Types count as imports.
 */

/** What a service may use of shared/. */
const doors = ["shared", "shared/contract", "shared/models", "shared/numbers", "shared/race", "shared/state"];
/** The Kafka client, and the types of its partitions and positions. */
const kafka = ["shared/kafka", "shared/kafka/topic-partition.ts"];
/** What stands under every room of the kernel. */
const ground = ["shared", "shared/contract", "shared/numbers", ...kafka, "shared/kernel/metrics.ts"];
/** The rooms that work on tasks, none of which knows another. */
const onTasks = [...ground, "shared/kernel/store", "shared/kernel/changelog", "shared/kernel/task"];
const kernelRooms = [
  "shared/kernel/metrics.ts",
  "shared/kernel/sudden-end.ts",
  "shared/kernel/store",
  "shared/kernel/changelog",
  "shared/kernel/task",
  "shared/kernel/commit",
  "shared/kernel/instances",
  "shared/kernel/standby",
  "shared/kernel/observe",
  "shared/kernel/jobs",
  "shared/kernel/loop",
  "shared/kernel/topics",
];
/** What a service is, and its settings: all that commands and manifests need of it. */
const declarations = [
  "services/names.ts",
  "services/producer/service.ts",
  "services/producer/settings.ts",
  "services/deserializer/service.ts",
  "services/stateful-estimator/service.ts",
  "services/rls-racer/service.ts",
  "services/ml-racer/service.ts",
];
/** The rooms of a service: its files, what it declares, and its start. */
const service = (name: string) => ({
  [`services/${name}`]: doors,
  [`services/${name}/service.ts`]: [`services/${name}`, ...doors],
  [`services/${name}/main.ts`]: [`services/${name}/service.ts`, "shared/stream.ts"],
});

export const ROOMS: Readonly<Record<string, readonly string[]>> = {
  "services/names.ts": [],
  ...service("producer"),
  "services/producer": ["services/producer/replay", ...doors],
  "services/producer/service.ts": ["services/producer", "services/producer/settings.ts", ...doors],
  "services/producer/settings.ts": ["services/producer", "services/producer/replay", ...doors],
  "services/producer/replay": ["shared"],
  ...service("deserializer"),
  ...service("stateful-estimator"),
  ...service("rls-racer"),
  ...service("ml-racer"),
  "services/ml-racer": ["services/ml-racer/models", ...doors],
  "services/ml-racer/service.ts": ["services/ml-racer", "services/ml-racer/models", ...doors],
  "services/ml-racer/models": ["shared", "shared/models"],
  shared: [],
  "shared/service-settings.ts": ["shared"],
  "shared/models": [],
  "shared/numbers": ["shared"],
  "shared/contract": ["shared", "shared/numbers"],
  "shared/state": ["shared", "shared/contract"],
  "shared/race": ["shared", "shared/contract", "shared/numbers", "shared/state"],
  "shared/kafka/topic-partition.ts": [],
  "shared/kafka": ["shared", "shared/numbers", "shared/kafka/topic-partition.ts"],
  "shared/kernel/metrics.ts": ["shared"],
  "shared/kernel/sudden-end.ts": [],
  "shared/kernel/store": ["shared", "shared/contract", "shared/kafka/topic-partition.ts"],
  "shared/kernel/changelog": ["shared", ...kafka, "shared/kernel/store"],
  "shared/kernel/task": [...ground, "shared/kernel/store", "shared/kernel/changelog"],
  "shared/kernel/commit": onTasks,
  "shared/kernel/instances": onTasks,
  "shared/kernel/standby": [...onTasks, "shared/kernel/instances"],
  "shared/kernel/observe": onTasks,
  "shared/kernel/jobs": [...ground, "shared/kernel/task"],
  "shared/kernel/loop": [...onTasks, "shared/kernel/commit", "shared/kernel/jobs"],
  "shared/kernel/topics": [...ground, "shared/kernel/changelog"],
  "shared/kernel": [...ground, ...kernelRooms, "shared/service-settings.ts"],
  "shared/start-settings.ts": ["shared", "shared/contract", ...kafka, "shared/service-settings.ts"],
  "shared/stream.ts": [
    "shared",
    "shared/kernel",
    "shared/kernel/sudden-end.ts",
    "shared/service-settings.ts",
    "shared/start-settings.ts",
  ],
  "shared/address-book.ts": ["shared/kernel/instances"],
  "shared/repartition.ts": [
    "shared",
    "shared/contract",
    "shared/service-settings.ts",
    ...kafka,
    "shared/kernel/topics",
  ],
  "shared/reset.ts": [
    "shared",
    "shared/contract",
    "shared/service-settings.ts",
    ...kafka,
    "shared/kernel/changelog",
    "shared/kernel/instances",
    "shared/kernel/topics",
  ],
  "deploy/text-width.ts": [],
  "deploy/text-table.ts": [],
  "deploy/cli/definitions.ts": [...declarations, "shared"],
  "deploy/local": [
    ...declarations,
    "services/producer",
    "deploy/cli/definitions.ts",
    "deploy/text-width.ts",
    "deploy/text-table.ts",
    "shared",
    "shared/service-settings.ts",
    "shared/start-settings.ts",
    "shared/contract",
    ...kafka,
  ],
  "deploy/cli": [
    ...declarations,
    "deploy/cli/definitions.ts",
    "deploy/text-width.ts",
    "deploy/text-table.ts",
    "shared",
    "shared/service-settings.ts",
    "shared/contract",
    ...kafka,
    "shared/address-book.ts",
    "shared/repartition.ts",
    "shared/reset.ts",
  ],
  "deploy/page": ["deploy/cli", "deploy/local", "shared", "shared/contract", ...kafka, "deploy/page/messages.ts"],
  "deploy/page/messages.ts": [],
  "deploy/page/browser": ["deploy/page/messages.ts"],
  "deploy/cli/page.ts": ["deploy/cli", "deploy/page", "shared", "shared/service-settings.ts", ...kafka],
  "deploy/local/start.ts": [
    ...declarations,
    "deploy/local",
    "deploy/page",
    "shared",
    "shared/service-settings.ts",
    ...kafka,
  ],
  "deploy/generate": [
    "services/ml-racer/models",
    "deploy/cli",
    "deploy/grafana",
    "deploy/kubernetes",
    "shared",
    "shared/contract",
    "shared/models",
  ],
  "deploy/grafana": ["deploy/cli", "shared"],
  "deploy/kubernetes": [...declarations, "shared"],
  "deploy/wasm": [],
};
