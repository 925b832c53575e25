/**
 * `npm run manifests`: writes the Kubernetes manifests beside this file. They are committed; a test compares and validates them.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { IScaledObject } from "@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject";
import type { IStatefulSet } from "kubernetes-models/apps/v1/StatefulSet";
import type { IPodDisruptionBudget } from "kubernetes-models/policy/v1/PodDisruptionBudget";
import type { IConfigMap } from "kubernetes-models/v1/ConfigMap";
import type { IContainer } from "kubernetes-models/v1/Container";
import type { IPodTemplateSpec } from "kubernetes-models/v1/PodTemplateSpec";
import type { IService } from "kubernetes-models/v1/Service";
import { stringify } from "yaml";
import { SERVICE_NAMES } from "../../services/names.js";

/** Where the manifests are: deploy/kubernetes of the project. */
export const manifestsDirectory = fileURLToPath(new URL("../../../deploy/kubernetes/", import.meta.url));

const SETTINGS = "regatta-settings";
const PORT = 9464;
const USER = 1000;
/** Longer than SHUTDOWN_TIMEOUT_MS (25 s): a service ends by itself before it is killed. */
const GRACE_SECONDS = 40;
/** Replicas beyond the partitions of the input (TOPIC_PARTITIONS) would be idle. */
const PARTITIONS = 4;

type Manifest = IConfigMap | IService | IStatefulSet | IPodDisruptionBudget | IScaledObject;

/** The manifests, by the name of their file. */
export function manifests(): ReadonlyMap<string, readonly Manifest[]> {
  return new Map<string, readonly Manifest[]>([
    ["settings.yaml", [settings()]],
    ...SERVICE_NAMES.map((name): [string, Manifest[]] => [
      `${name}.yaml`,
      [headlessService(name), statefulSet(name), disruptionBudget(name)],
    ]),
    ["scaling.yaml", [scaledObject()]],
  ]);
}

/** The text of a file of manifests. */
export function manifestsText(documents: readonly Manifest[]): string {
  return documents.map((document) => stringify(document, { lineWidth: 0 })).join("---\n");
}

function settings(): IConfigMap {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: SETTINGS, labels: { "app.kubernetes.io/name": "regatta" } },
    data: { KAFKA_BROKERS: "kafka:9092", TOPIC_PARTITIONS: String(PARTITIONS), LOG_LEVEL: "info" },
  };
}

/** Gives every pod a name of its own; also one that is not ready, since its metrics say why. */
function headlessService(name: string): IService {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, labels: labelsOf(name) },
    spec: {
      clusterIP: "None",
      publishNotReadyAddresses: true,
      selector: labelsOf(name),
      ports: [{ name: "metrics", port: PORT, targetPort: "metrics" }],
    },
  };
}

/** Each pod keeps its volume, so that one that comes back replays only what it missed. */
function statefulSet(name: string): IStatefulSet {
  return {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: { name, labels: labelsOf(name) },
    spec: {
      serviceName: name,
      replicas: 1,
      podManagementPolicy: "Parallel",
      selector: { matchLabels: labelsOf(name) },
      template: podTemplate(name),
      volumeClaimTemplates: [
        {
          metadata: { name: "state" },
          spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
        },
      ],
    },
  };
}

function podTemplate(name: string): IPodTemplateSpec {
  return {
    metadata: {
      labels: labelsOf(name),
      annotations: { "prometheus.io/scrape": "true", "prometheus.io/port": String(PORT) },
    },
    spec: {
      terminationGracePeriodSeconds: GRACE_SECONDS,
      automountServiceAccountToken: false,
      // Kubernetes would describe every other Service in variables, some with the names of settings.
      enableServiceLinks: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: USER,
        runAsGroup: USER,
        fsGroup: USER,
        fsGroupChangePolicy: "OnRootMismatch",
        seccompProfile: { type: "RuntimeDefault" },
      },
      containers: [container(name)],
      volumes: [{ name: "tmp", emptyDir: { sizeLimit: "64Mi" } }],
    },
  };
}

function container(name: string): IContainer {
  return {
    name,
    image: "regatta",
    command: ["node", `dist/services/${name}/main.js`],
    envFrom: [{ configMapRef: { name: SETTINGS } }],
    // A volume of its own makes a pod a host of its own: no other may bear its transactional id.
    env: [{ name: "INSTANCE_ID", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }],
    ports: [{ name: "metrics", containerPort: PORT }],
    startupProbe: { httpGet: { path: "/live", port: "metrics" }, periodSeconds: 2, failureThreshold: 30 },
    livenessProbe: {
      httpGet: { path: "/live", port: "metrics" },
      periodSeconds: 10,
      timeoutSeconds: 5,
      failureThreshold: 6,
    },
    readinessProbe: { httpGet: { path: "/ready", port: "metrics" }, periodSeconds: 5, timeoutSeconds: 3 },
    resources: { requests: { cpu: "100m", memory: "256Mi" }, limits: { memory: "512Mi" } },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
    volumeMounts: [
      { name: "state", mountPath: "/var/lib/regatta" },
      { name: "tmp", mountPath: "/tmp" },
    ],
  };
}

function disruptionBudget(name: string): IPodDisruptionBudget {
  return {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name, labels: labelsOf(name) },
    spec: { maxUnavailable: 1, selector: { matchLabels: labelsOf(name) } },
  };
}

/** An example for KEDA: one replica for every thousand records that wait, up to one per partition. */
function scaledObject(): IScaledObject {
  return {
    apiVersion: "keda.sh/v1alpha1",
    kind: "ScaledObject",
    metadata: { name: "ml-racer", labels: labelsOf("ml-racer") },
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "StatefulSet", name: "ml-racer" },
      // Each change moves partitions: grow at once, shrink late. None at 0: a group without members has no lag to tell.
      minReplicaCount: 1,
      maxReplicaCount: PARTITIONS,
      pollingInterval: 15,
      cooldownPeriod: 300,
      triggers: [
        {
          type: "kafka",
          metadata: {
            bootstrapServers: "kafka:9092",
            consumerGroup: "regatta-ml-racer",
            topic: "dataNonLinearModel.observations",
            lagThreshold: "1000",
            offsetResetPolicy: "earliest",
            limitToPartitionsWithLag: "true",
          },
        },
      ],
    },
  };
}

function labelsOf(name: string): Record<string, string> {
  return { "app.kubernetes.io/name": "regatta", "app.kubernetes.io/component": name };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  for (const [name, documents] of manifests()) {
    writeFileSync(join(manifestsDirectory, name), manifestsText(documents));
  }
}
