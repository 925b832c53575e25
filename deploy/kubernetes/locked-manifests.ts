/**
 * What differs for a Kafka that asks for a password over TLS, as an overlay of the other manifests. `npm run generate` writes it to
 * deploy/kubernetes-locked: an overlay cannot lie below its base.
 */
import type { ITriggerAuthentication } from "@kubernetes-models/keda/keda.sh/v1alpha1/TriggerAuthentication";
import type { IConfigMap } from "kubernetes-models/v1/ConfigMap";
import { type Manifest, SECRETS, SECRETS_FOLDER, SETTINGS, scaledObject } from "./manifests.js";

const BROKERS = "kafka:9093";
const AUTHENTICATION = "regatta-kafka";
/** Entries of the Secret, each of them a file for the services. */
const AUTHORITY = "ca.pem";
const USERNAME = "username";
const PASSWORD = "password";

/** The manifests, by the name of their file. */
export function lockedManifests(): ReadonlyMap<string, readonly Manifest[]> {
  return new Map<string, readonly Manifest[]>([
    ["settings.yaml", [settings()]],
    ["scaling.yaml", [triggerAuthentication(), lockedScaledObject()]],
  ]);
}

/** Lines that are put into the ConfigMap of the base, and replace those of the same name. */
function settings(): IConfigMap {
  const file = (name: string) => `${SECRETS_FOLDER}/${name}`;
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: SETTINGS },
    data: {
      KAFKA_BROKERS: BROKERS,
      KAFKA_CONF_SECURITY_PROTOCOL: "sasl_ssl",
      KAFKA_CONF_SSL_CA_LOCATION: file(AUTHORITY),
      KAFKA_CONF_SASL_MECHANISM: "SCRAM-SHA-512",
      KAFKA_CONF_SASL_USERNAME_FILE: file(USERNAME),
      KAFKA_CONF_SASL_PASSWORD_FILE: file(PASSWORD),
    },
  };
}

/** KEDA takes the secrets out of the same Secret; the user's Read on group and topic is more than the Describe that it needs. */
function triggerAuthentication(): ITriggerAuthentication {
  const parameters = { username: USERNAME, password: PASSWORD, ca: AUTHORITY };
  return {
    apiVersion: "keda.sh/v1alpha1",
    kind: "TriggerAuthentication",
    metadata: { name: AUTHENTICATION, labels: { "app.kubernetes.io/name": "regatta" } },
    spec: {
      secretTargetRef: Object.entries(parameters).map(([parameter, key]) => ({ parameter, name: SECRETS, key })),
    },
  };
}

function lockedScaledObject() {
  const metadata = { sasl: "scram_sha512", tls: "enable" };
  return scaledObject({ bootstrapServers: BROKERS, metadata, authentication: AUTHENTICATION });
}
