/**
 * The client's calls for whole batches, where its native half was built with them (deploy/local/setup/client-batch.cc). That of npm
 * has none: consumer and producer then go record by record.
 */

/** Consumes up to `max` records into the lent bytes and rows, which nobody may touch until `done` is called. */
type ConsumeBatch = (
  timeoutMs: number,
  max: number,
  bytes: Buffer,
  rows: Float64Array,
  done: (
    error: unknown,
    count: number,
    topics: string[],
    ends: readonly ConsumedEnd[],
    headers: Float64Array | undefined,
    own: Buffer | undefined,
  ) => void,
) => void;

/** A partition that has, for now, nothing more to read. */
export interface ConsumedEnd {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/**
 * Hands over records `from` to before `to` until one is refused.
 * @returns how many were taken, and the code of what refused the next one, 0 where nothing did
 */
type ProduceBatch = (
  topics: readonly string[],
  bytes: Buffer,
  rows: Float64Array,
  headers: Float64Array,
  from: number,
  to: number,
) => readonly [taken: number, code: number];

/** The native half of a client, under the package's own JavaScript. */
interface NativeHalf {
  consumeBatch?: ConsumeBatch;
  produceBatch?: ProduceBatch;
}

const nativeHalf = (client: object): NativeHalf => (client as { readonly _client: NativeHalf })._client;

/** A consumer's call for batches; undefined where it was not built with it. */
export function consumeBatchOf(client: object): ConsumeBatch | undefined {
  const half = nativeHalf(client);
  return half.consumeBatch?.bind(half);
}

/** A producer's call for batches; undefined where it was not built with it. */
export function produceBatchOf(client: object): ProduceBatch | undefined {
  const half = nativeHalf(client);
  return half.produceBatch?.bind(half);
}

/** Throws the error that the package makes of a code of librdkafka. */
export function throwCode(client: object, code: number): never {
  (client as { _errorWrap(code: number, intIsError: boolean): void })._errorWrap(code, true);
  throw new Error(`expected an error for code ${code}, got none`);
}
