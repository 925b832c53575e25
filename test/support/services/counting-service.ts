/** A small service for the tests of the test support: counts the records of each key and passes them on. */
import { RecordError } from "../../../shared/errors.js";
import type { OutputTopic, ProcessorService } from "../../../shared/service-definition.js";
import { OBJECT_BYTES } from "../../../shared/state/state-bytes.js";

/** How the service can break its contract, by the text of a record. */
export const MISDEEDS = {
  putThenReject: "put, then reject",
  forwardThenReject: "forward, then reject",
  crash: "crash",
  strayTopic: "forward to a topic not declared",
} as const;

type CounterStates = { counter: { count: number } };

/**
 * Reads `input` and forwards `<text>#<count of the key>` to `output`; a record of text "bad" is rejected with the reason
 * `bad-text`, and one of {@link MISDEEDS} misbehaves.
 */
export function countingService(
  name: string,
  input: string,
  output: string,
): ProcessorService<Record<never, never>, CounterStates, undefined> {
  const topicOf = (topic: string): OutputTopic<string> => ({
    name: topic,
    config: {},
    encode: (text) => Buffer.from(text),
  });
  return {
    kind: "processor",
    name,
    settings: {},
    inputs: () => [input],
    outputs: () => [topicOf(output)],
    stores: {
      counter: {
        format: 1,
        encode: ({ count }) => Buffer.from(String(count)),
        bytes: () => OBJECT_BYTES,
        decode: (bytes) => ({ count: Number(bytes.toString()) }),
        toJson: ({ count }) => ({ count }),
      },
    },
    metrics: () => undefined,
    process(record, { stores, forward }) {
      const text = String(record.value);
      const key = String(record.key);
      if (text === "bad") throw new RecordError("bad-text", "expected another text");
      if (text === MISDEEDS.crash) throw new TypeError("crashed");
      if (text === MISDEEDS.strayTopic) forward(topicOf("stray"), key, text);
      const counter = stores.counter.get(key) ?? { count: 0 };
      counter.count++;
      if (text === MISDEEDS.forwardThenReject) {
        forward(topicOf(output), key, text);
        throw new RecordError("bad-text", "too late");
      }
      stores.counter.put(key, counter);
      if (text === MISDEEDS.putThenReject) throw new RecordError("bad-text", "too late");
      forward(topicOf(output), key, `${text}#${counter.count}`);
    },
  };
}
