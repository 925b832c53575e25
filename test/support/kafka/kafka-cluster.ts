/** Kafka as it is run in earnest: a controller that is a process of its own, and brokers that hold each other's replicas. */
import { join } from "node:path";
import { freePort } from "../../../deploy/local/free-port.js";
import { type LocalKafka, newClusterId, startLocalKafka } from "../../../deploy/local/local-kafka.js";
import type { TestKafka } from "./test-broker.js";
import { localTestKafka, QUICK_RESTART } from "./test-kafka.js";

const CONTROLLER_ID = "100";

export interface KafkaCluster {
  readonly nodes: readonly TestKafka[];
  /** Absent where the only node is its own controller. */
  readonly controller?: Pick<LocalKafka, "pause" | "resume">;
  /** Ends brokers and controller for good. */
  close(): Promise<void>;
}

/**
 * Starts a controller and `size` brokers. Every partition has a replica on each broker; of several brokers all but one must take a
 * write before it counts.
 * @param properties broker properties that add to the cluster's own
 */
export async function startKafkaCluster(
  directory: string,
  size: number,
  properties: Readonly<Record<string, string>>,
): Promise<KafkaCluster> {
  const controllerPort = await freePort();
  const clusterId = newClusterId();
  // The controller makes the topics, by its own configuration.
  const common = { ...QUICK_RESTART, ...(size > 1 ? replicated(size) : {}), ...properties };
  const controller = await startLocalKafka({
    directory: join(directory, "controller"),
    port: await freePort(),
    controllerPort,
    clusterId,
    properties: { ...controllerAlone(controllerPort), ...common },
  });
  const start = async (id: number) => {
    const port = await freePort();
    return localTestKafka({
      directory: join(directory, `kafka-${id}`),
      port,
      controllerPort,
      clusterId,
      properties: { ...brokerAlone(id, port, controllerPort), ...common },
    });
  };
  const nodes: TestKafka[] = [];
  for (let id = 1; id <= size; id++) nodes.push(await start(id));
  return {
    nodes,
    controller,
    async close() {
      for (const node of nodes) await node.close();
      await controller.kill();
    },
  };
}

const votersOf = (controllerPort: number) => ({
  "controller.quorum.voters": `${CONTROLLER_ID}@127.0.0.1:${controllerPort}`,
});

function controllerAlone(controllerPort: number): Readonly<Record<string, string>> {
  const listener = `CONTROLLER://127.0.0.1:${controllerPort}`;
  return {
    "process.roles": "controller",
    "node.id": CONTROLLER_ID,
    listeners: listener,
    "advertised.listeners": listener,
    ...votersOf(controllerPort),
  };
}

function brokerAlone(id: number, port: number, controllerPort: number): Readonly<Record<string, string>> {
  return {
    "process.roles": "broker",
    "node.id": String(id),
    listeners: `PLAINTEXT://127.0.0.1:${port}`,
    ...votersOf(controllerPort),
  };
}

function replicated(size: number): Readonly<Record<string, string>> {
  const replicas = String(size);
  const inSync = String(size - 1);
  return {
    "controlled.shutdown.enable": "true",
    "default.replication.factor": replicas,
    "min.insync.replicas": inSync,
    "offsets.topic.replication.factor": replicas,
    "transaction.state.log.replication.factor": replicas,
    "transaction.state.log.min.isr": inSync,
    "share.coordinator.state.topic.replication.factor": replicas,
    "share.coordinator.state.topic.min.isr": inSync,
  };
}
