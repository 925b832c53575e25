/** Fetches the schemas of raw records that begin with the id of one. */
import { RawSchemas } from "../../shared/registry/raw-schemas.js";
import type { RegistryAccess } from "../../shared/registry/registry-http.js";
import type { InputRecord } from "../../shared/service-definition.js";
import { frameOf } from "../../shared/wire-format.js";
import { type FormatSettings, isEncoded } from "./format-settings.js";

/** By the settings of a process, which are read once. */
const schemasOf = new WeakMap<Partial<RegistryAccess>, RawSchemas>();

export function rawSchemas(settings: Partial<RegistryAccess>): RawSchemas {
  const { registryUrl = [], registryAuth, registryCa, registryCert, registryKey } = settings;
  const schemas =
    schemasOf.get(settings) ?? new RawSchemas({ registryUrl, registryAuth, registryCa, registryCert, registryKey });
  schemasOf.set(settings, schemas);
  return schemas;
}

/**
 * Fetches the schemas of records that are not known; undefined where none is missing.
 * @throws {AwayError} by the promise: the registry does not answer
 */
export function fetchSchemas(
  records: Iterable<InputRecord>,
  settings: FormatSettings & Partial<RegistryAccess> & { readonly inputTopics: readonly string[] },
): Promise<void> | undefined {
  if (!settings.inputTopics.some((topic) => isEncoded(settings, topic))) return undefined;
  const ids = new Set<number>();
  for (const { topic, value } of records) {
    // A topic that is not listed has records that were brought to the partitions of their series: no text begins as a frame does.
    const isFramed = isEncoded(settings, topic) || !settings.inputTopics.includes(topic);
    const frame = value !== null && isFramed ? frameOf(value) : undefined;
    if (frame !== undefined) ids.add(frame.schemaId);
  }
  return rawSchemas(settings).fetch(ids);
}
