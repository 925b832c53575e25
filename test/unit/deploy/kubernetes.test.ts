import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ScaledObject } from "@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject";
import { TriggerAuthentication } from "@kubernetes-models/keda/keda.sh/v1alpha1/TriggerAuthentication";
import { StatefulSet } from "kubernetes-models/apps/v1/StatefulSet";
import { NetworkPolicy } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicy";
import { PodDisruptionBudget } from "kubernetes-models/policy/v1/PodDisruptionBudget";
import { ConfigMap } from "kubernetes-models/v1/ConfigMap";
import { Service } from "kubernetes-models/v1/Service";
import { parse, parseAllDocuments } from "yaml";
import { lockedManifests } from "../../../deploy/kubernetes/locked-manifests.js";
import { manifests, manifestsDirectory, manifestsText } from "../../../deploy/kubernetes/manifests.js";
import { SERVICE_NAMES } from "../../../services/names.js";
import { kernelSettings } from "../../../shared/service-settings.js";

const read = (name: string) => readFileSync(join(manifestsDirectory, name), "utf8");
/** Every document of every file, as Kubernetes reads it. */
const documents = [...manifests().keys()].flatMap((name) => parseAllDocuments(read(name)).map((of) => of.toJS()));
const ofKind = (kind: string) => documents.filter((document) => document.kind === kind);
const statefulSets = ofKind("StatefulSet").map((document) => new StatefulSet(document));
const SCHEMAS = {
  ...{ ConfigMap, Service, StatefulSet, PodDisruptionBudget, NetworkPolicy },
  ...{ ScaledObject, TriggerAuthentication },
};
const lockedDirectory = fileURLToPath(new URL("../../../../deploy/kubernetes-locked/", import.meta.url));

function validate(document: { readonly kind: string }): void {
  const Schema = SCHEMAS[document.kind as keyof typeof SCHEMAS];
  assert.ok(Schema, `${document.kind} is validated`);
  new Schema(document as never).validate();
}

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
    for (const document of documents) validate(document);
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

  describe("for a Kafka that is locked", () => {
    const locked = (name: string) => readFileSync(join(lockedDirectory, name), "utf8");
    const all = [...lockedManifests().keys()].flatMap((name) => parseAllDocuments(locked(name)).map((of) => of.toJS()));
    const [settings] = all.filter(({ kind }) => kind === "ConfigMap");

    it("are committed as npm run generate writes them, valid, and patch the base", () => {
      for (const [name, of] of lockedManifests()) assert.equal(locked(name), manifestsText(of), name);
      for (const document of all) validate(document);
      const { resources, patches } = parse(locked("kustomization.yaml"));
      assert.deepEqual([resources, patches], [["../kubernetes"], [{ path: "settings.yaml" }]]);
    });

    it("take every secret from the Secret that the pods mount, and none from the ConfigMap", () => {
      const [{ spec }] = all.filter(({ kind }) => kind === "TriggerAuthentication");
      const keys = spec.secretTargetRef.map(({ name, key }: { name: string; key: string }) => `${name}/${key}`);
      const pod = statefulSets[0].spec?.template.spec;
      const mounted = pod?.volumes?.find(({ name }) => name === "secrets")?.secret?.secretName;
      const folder = pod?.containers[0].volumeMounts?.find(({ name }) => name === "secrets")?.mountPath;
      const files = Object.values<string>(settings.data).filter((value) => value.startsWith("/"));
      assert.deepEqual(files.map((file) => file.replace(`${folder}/`, `${mounted}/`)).sort(), keys.sort());
      assert.ok(!("KAFKA_CONF_SASL_PASSWORD" in settings.data));
    });

    it("have KEDA reach the same listener in the same way", () => {
      const [{ spec }] = all.filter(({ kind }) => kind === "ScaledObject");
      const [{ metadata, authenticationRef }] = spec.triggers;
      assert.equal(metadata.bootstrapServers, settings.data.KAFKA_BROKERS);
      const plain = (mechanism: string) => mechanism.toLowerCase().replaceAll(/[-_]/g, "");
      assert.equal(plain(metadata.sasl), plain(settings.data.KAFKA_CONF_SASL_MECHANISM));
      assert.equal(metadata.tls === "enable", settings.data.KAFKA_CONF_SECURITY_PROTOCOL === "sasl_ssl");
      assert.ok(
        all.some(({ kind, metadata: of }) => kind === "TriggerAuthentication" && of.name === authenticationRef.name),
      );
    });

    it("are what kubectl makes of base and overlay", function () {
      const { status, stdout, error } = spawnSync("kubectl", ["kustomize", lockedDirectory], { encoding: "utf8" });
      if (error !== undefined) {
        console.log("      Skipped: PATH has no kubectl.");
        this.skip();
      }
      assert.equal(status, 0);
      const built = parseAllDocuments(stdout).map((of) => of.toJS());
      const [{ data }] = built.filter(({ kind }) => kind === "ConfigMap");
      const [base] = ofKind("ConfigMap");
      assert.deepEqual(data, { ...base.data, ...settings.data });
      assert.equal(built.filter(({ kind }) => kind === "StatefulSet").length, SERVICE_NAMES.length);
    });
  });
});
