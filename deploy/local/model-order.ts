/** The order of models that people see: as the settings of the racers name them. */
import { mlRacer } from "../../services/ml-racer/service.js";
import { rlsRacer } from "../../services/rls-racer/service.js";
import { type Environment, readSettings } from "../../shared/config.js";

/** The models of both racers, in the order in which their settings name them. @throws {ConfigurationError} a setting is wrong */
export function modelOrder(environment: Environment): readonly string[] {
  const settings = [rlsRacer.settings.models, mlRacer.settings.models] as const;
  return settings.flatMap((models) =>
    readSettings({ models }, environment).models.map(({ name }: { readonly name: string }) => name),
  );
}
