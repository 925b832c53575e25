/** The topics that a service has of its own between its inputs and its state. */
import type { AnyService, OutputTopic } from "../service-definition.js";
import { bySeriesTopic } from "./topics.js";

/**
 * Those of a service that reads these settings, see {@link bySeriesTopic}.
 * @param application `<APPLICATION_ID>-<service>`
 */
export function ownInputs(service: AnyService, settings: object, application: string): OutputTopic<never>[] {
  const raw = service.kind === "source" ? [] : (service.repartitioned?.(settings as never) ?? []);
  return raw.map((name) => bySeriesTopic(application, name) as OutputTopic<never>);
}
