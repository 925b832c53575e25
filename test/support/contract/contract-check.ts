/** Records held against the contract as it is given to others: docs/asyncapi.json, by a validator of JSON Schema. */
import { readFileSync } from "node:fs";
import { Ajv, type ValidateFunction } from "ajv";

interface Channel {
  readonly address: string;
  readonly messages: Readonly<Record<string, unknown>>;
}

interface Message {
  /** Not there where the values are any bytes. */
  readonly payload?: object;
  readonly headers?: object;
}

interface Trait {
  readonly headers: object;
}

/** docs/asyncapi.json, as far as tests read it. */
export interface ContractDocument {
  readonly channels: Readonly<Record<string, Channel>>;
  readonly components: {
    readonly messages: Readonly<Record<string, Message>>;
    readonly messageTraits: { readonly resultHeaders: Trait };
    readonly schemas: Readonly<Record<string, object>>;
  };
}

export function readContract(): ContractDocument {
  return JSON.parse(readFileSync("docs/asyncapi.json", "utf8"));
}

/** Finds what a record of a topic has that the contract does not allow; dead letters may be any bytes. */
export class ContractCheck {
  readonly #validators = new Map<string, ValidateFunction>();
  readonly #letterHeaders: ValidateFunction;
  readonly #resultHeaders: ValidateFunction;
  readonly #channels: readonly { readonly address: RegExp; readonly validate: ValidateFunction }[];

  constructor({ channels, components }: ContractDocument = readContract()) {
    const ajv = new Ajv({ allErrors: true });
    for (const [name, schema] of Object.entries(components.schemas)) this.#validators.set(name, ajv.compile(schema));
    this.#letterHeaders = ajv.compile(components.messages.deadLetter?.headers ?? false);
    this.#resultHeaders = ajv.compile(components.messageTraits.resultHeaders.headers);
    const messageOf = ({ messages }: Channel) => Object.keys(messages)[0] ?? "";
    const described = Object.values(channels).filter(
      (channel) => components.messages[messageOf(channel)]?.payload !== undefined,
    );
    this.#channels = described.map((channel) => {
      const { address } = channel;
      const message = messageOf(channel);
      const validate = this.#validators.get(message);
      if (validate === undefined) throw new Error(`${address}: no schema ${message}`);
      return { address: new RegExp(`^${address.replaceAll(".", "\\.").replace("{rawTopic}", ".+")}$`), validate };
    });
  }

  /** @returns none where the record is as the contract says */
  faults(topic: string, value: Buffer): readonly string[] {
    const channel = this.#channels.find(({ address }) => address.test(topic));
    if (channel === undefined) return [`${topic} is no topic of the contract`];
    return faultsOf(channel.validate, JSON.parse(value.toString("utf8")), topic);
  }

  /** @param headers of a result, as text */
  resultHeaderFaults(headers: Readonly<Record<string, string>>): readonly string[] {
    return faultsOf(this.#resultHeaders, headers, "headers");
  }

  /** @param headers of a dead letter, as text */
  letterFaults(headers: Readonly<Record<string, string>>): readonly string[] {
    return faultsOf(this.#letterHeaders, headers, "headers");
  }
}

function faultsOf(validate: ValidateFunction, value: unknown, what: string): readonly string[] {
  if (validate(value)) return [];
  return (validate.errors ?? []).map(({ instancePath, message }) => `${what}${instancePath}: ${message}`);
}
