import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ScaledObject } from "@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject";
import { StatefulSet } from "kubernetes-models/apps/v1/StatefulSet";
import { NetworkPolicy } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicy";
import { PodDisruptionBudget } from "kubernetes-models/policy/v1/PodDisruptionBudget";
import { ConfigMap } from "kubernetes-models/v1/ConfigMap";
import { Service } from "kubernetes-models/v1/Service";
import { parse, parseAllDocuments } from "yaml";
import { manifests, manifestsDirectory, manifestsText } from "../../../deploy/kubernetes/manifests.js";
import { SERVICE_NAMES } from "../../../services/names.js";
import { kernelSettings } from "../../../shared/service-settings.js";

const read = (name: string) => readFileSync(join(manifestsDirectory, name), "utf8");
/** Every document of every file, as Kubernetes reads it. */
const documents = [...manifests().keys()].flatMap((name) => parseAllDocuments(read(name)).map((of) => of.toJS()));
const ofKind = (kind: string) => documents.filter((document) => document.kind === kind);
const statefulSets = ofKind("StatefulSet").map((document) => new StatefulSet(document));
const SCHEMAS = { ConfigMap, Service, StatefulSet, PodDisruptionBudget, NetworkPolicy, ScaledObject };

describe("Kubernetes manifests", () => {
  it("are committed as npm run manifests writes them, and all are in the kustomization but the examples", () => {
    for (const [name, of] of manifests()) assert.equal(read(name), manifestsText(of), name);
    assert.deepEqual(
      [...parse(read("kustomization.yaml")).resources, "network.yaml", "scaling.yaml"].sort(),
      readdirSync(manifestsDirectory)
        .filter((name) => name.endsWith(".yaml") && name !== "kustomization.yaml")
        .sort(),
    );
  });

  it("are valid by the schemas of Kubernetes and KEDA", () => {
    for (const document of documents) {
      const Schema = SCHEMAS[document.kind as keyof typeof SCHEMAS];
      assert.ok(Schema, `${document.kind} is validated`);
      new Schema(document).validate();
    }
    assert.throws(() => new StatefulSet({ ...documents[2], spec: { serviceName: "x" } } as never).validate());
  });

  it("have one of each kind for every service, and a program that is there", () => {
    for (const kind of ["Service", "StatefulSet", "PodDisruptionBudget"]) {
      assert.deepEqual(
        ofKind(kind)
          .map(({ metadata }) => metadata.name)
          .sort(),
        SERVICE_NAMES.toSorted(),
      );
    }
    for (const { spec } of statefulSets) {
      const [, program = ""] = spec?.template.spec?.containers[0].command ?? [];
      assert.ok(existsSync(fileURLToPath(new URL(`../../../../${program}`, import.meta.url))), program);
    }
  });

  it("give no pod a right that it does not need", () => {
    for (const { metadata, spec } of statefulSets) {
      const pod = spec?.template.spec;
      assert.equal(pod?.securityContext?.runAsNonRoot, true, metadata?.name);
      assert.equal(pod.securityContext.seccompProfile?.type, "RuntimeDefault");
      assert.equal(pod.automountServiceAccountToken, false);
      for (const { securityContext } of pod.containers) {
        assert.equal(securityContext?.readOnlyRootFilesystem, true);
        assert.equal(securityContext.allowPrivilegeEscalation, false);
        assert.deepEqual(securityContext.capabilities, { drop: ["ALL"] });
      }
    }
  });

  it("give every pod its probes, its limits, its volume, an id of its own and time to end", () => {
    for (const { spec } of statefulSets) {
      const pod = spec?.template.spec;
      const container = pod?.containers[0];
      assert.equal(container?.livenessProbe?.httpGet?.path, "/live");
      assert.equal(container.readinessProbe?.httpGet?.path, "/ready");
      assert.ok(container.startupProbe);
      assert.ok(container.resources?.limits?.memory);
      assert.ok(container.resources.requests?.cpu);
      assert.deepEqual(
        container.volumeMounts?.map(({ name }) => name),
        ["state", "tmp", "secrets"],
      );
      const secret = pod?.volumes?.find(({ name }) => name === "secrets")?.secret;
      assert.ok(secret?.optional === true && container.volumeMounts?.[2].readOnly === true);
      assert.equal(spec?.volumeClaimTemplates?.[0].metadata?.name, "state");
      assert.equal(container.env?.[0].valueFrom?.fieldRef?.fieldPath, "metadata.name");
      assert.ok((pod?.terminationGracePeriodSeconds ?? 0) * 1000 > Number(kernelSettings.shutdownTimeoutMs.default));
    }
  });

  it("let nobody else reach the pods, and the pods nobody but Kafka and names", () => {
    const [{ spec }] = ofKind("NetworkPolicy");
    for (const { metadata, spec: of } of statefulSets) {
      for (const [label, value] of Object.entries(spec.podSelector.matchLabels))
        assert.equal(of?.template.metadata?.labels?.[label], value, metadata?.name);
      const [{ containerPort }] = of?.template.spec?.containers[0].ports ?? [];
      for (const { ports } of spec.ingress) assert.deepEqual(ports, [{ port: containerPort, protocol: "TCP" }]);
    }
    assert.deepEqual(spec.policyTypes, ["Ingress", "Egress"]);
    assert.ok(spec.ingress.every(({ from }: { from?: unknown[] }) => (from ?? []).length > 0));
    const ports = spec.egress.flatMap((rule: { ports: { port: number }[] }) => rule.ports.map(({ port }) => port));
    const [{ data }] = ofKind("ConfigMap");
    assert.ok(ports.includes(Number(data.KAFKA_BROKERS.split(":")[1])) && ports.includes(53));
  });

  it("set only what is a setting, and scale to no more replicas than there are partitions", () => {
    const names = Object.values(kernelSettings).map(({ env }) => env);
    const [{ data }] = ofKind("ConfigMap");
    for (const name of Object.keys(data)) assert.ok(names.includes(name), name);
    const [{ spec }] = ofKind("ScaledObject");
    assert.equal(spec.maxReplicaCount, Number(data.TOPIC_PARTITIONS));
    assert.ok(spec.minReplicaCount >= 1);
  });
});
