/** Wrong settings of any service are told before anything starts: one that ends with code 78 would end the others with it. */
import { SERVICE_NAMES } from "../../services/names.js";
import type { Environment } from "../../shared/config.js";
import { ConfigurationError } from "../../shared/errors.js";
import { settingFaults } from "../../shared/start-settings.js";
import { SERVICE_DEFINITIONS } from "../cli/definitions.js";

/**
 * @param environment of every service
 * @param inputs      INPUT_TOPICS of a service, by its name
 * @throws {ConfigurationError} each fault once, however many services have it
 */
export function refuseFaultySettings(environment: Environment, inputs: ReadonlyMap<string, string>): void {
  const faults = SERVICE_NAMES.flatMap((name) => {
    const topics = inputs.get(name);
    const own = topics === undefined ? environment : { ...environment, INPUT_TOPICS: topics };
    return settingFaults(SERVICE_DEFINITIONS[name], own);
  });
  if (faults.length > 0) throw new ConfigurationError([...new Set(faults)]);
}
