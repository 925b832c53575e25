/**
 * Settings: one schema a process, read once at start from the environment, frozen. All faults are reported together. The table of
 * docs/settings.md is generated from these definitions.
 */
import type { ZodType } from "zod";
import { ConfigurationError } from "./errors.js";

/** One setting of a process. */
export interface SettingDefinition<T> {
  /** Name of the environment variable. */
  readonly env: string;
  /** From the variable's text to the value. */
  readonly schema: ZodType<T, string>;
  /** Text that is used where the variable is unset or empty; undefined where the setting is required. */
  readonly default: string | undefined;
  /** What it means, as the table of settings says it. */
  readonly doc: string;
  /** Another variable that means the same; both may be set only to the same text. */
  readonly alias?: string;
}

/** Settings by the name that code has for them. */
export type SettingDefinitions = Readonly<Record<string, SettingDefinition<unknown>>>;

/** The values of settings. */
export type Settings<D extends SettingDefinitions> = {
  readonly [K in keyof D]: D[K] extends SettingDefinition<infer T> ? T : never;
};

/** Environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Declares one setting; see {@link SettingDefinition}. */
export function setting<T>(
  env: string,
  schema: ZodType<T, string>,
  options: { default?: string; doc: string; alias?: string },
): SettingDefinition<T> {
  const { doc, alias } = options;
  return { env, schema, default: options.default, doc, ...(alias === undefined ? {} : { alias }) };
}

/**
 * Reads every setting of `definitions` from `environment`.
 * @param check finds faults that only several settings together have; it is given those that are valid by themselves
 * @throws {ConfigurationError} with every fault found
 */
export function readSettings<D extends SettingDefinitions>(
  definitions: D,
  environment: Environment,
  check: (settings: Partial<Settings<D>>) => readonly string[] = () => [],
): Settings<D> {
  const faults: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, definition] of Object.entries(definitions)) {
    const text = textOf(definition, environment, faults);
    if (text === undefined) continue;
    const parsed = definition.schema.safeParse(text);
    if (parsed.success) values[name] = parsed.data;
    else for (const issue of parsed.error.issues) faults.push(faultText(definition.env, text, issue.message));
  }
  faults.push(...check(values as Partial<Settings<D>>));
  if (faults.length > 0) throw new ConfigurationError(faults);
  return Object.freeze(values) as Settings<D>;
}

/** The text of a fault. What stands before an `@` may be a user's name and password, put there by mistake: it is not logged. */
function faultText(env: string, text: string, message: string): string {
  const [secret] = /^.*@/s.exec(text) ?? [];
  const fault = `${env}=${text}: ${message}`;
  return secret === undefined ? fault : fault.replaceAll(secret, "[hidden]@");
}

function textOf(
  definition: SettingDefinition<unknown>,
  environment: Environment,
  faults: string[],
): string | undefined {
  const own = nonEmpty(environment[definition.env]);
  const other = definition.alias === undefined ? undefined : nonEmpty(environment[definition.alias]);
  if (own !== undefined && other !== undefined && own !== other) {
    faults.push(`${definition.env} and ${definition.alias} mean the same, but differ: set one of them`);
    return undefined;
  }
  const text = own ?? other ?? definition.default;
  if (text === undefined) faults.push(`${definition.env} is not set: ${definition.doc}`);
  return text;
}

/** The text of an environment variable without blanks around it; undefined where nothing is left. */
export function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === "" ? undefined : text.trim();
}
