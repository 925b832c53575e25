import assert from "node:assert/strict";
import { KafkaError } from "../../../shared/kafka/kafka-error.js";
import { AT_START, PROMPT, pause, persistently, retry } from "../../../shared/kafka/patience.js";

const away = () => new KafkaError("describe", { code: -195, message: "all brokers down", isRetriable: true });
const QUICK = { firstMs: 1, mostMs: 4 };

describe("waiting for Kafka", () => {
  let stop: AbortController;
  let waits: number[];
  const onFailure = (_: Error, waitMs: number) => void waits.push(waitMs);

  beforeEach(() => {
    stop = new AbortController();
    waits = [];
  });

  /** Fails by Kafka so many times, then gives its result. */
  const failing = (times: number) => async () => {
    if (times-- > 0) throw away();
    return "done";
  };

  it("repeats an attempt until it succeeds, with pauses that double up to the longest", async () => {
    assert.equal(await persistently(failing(4), { patience: QUICK, stop: stop.signal, onFailure }), "done");
    assert.deepEqual(waits, [1, 2, 4, 4]);
  });

  it("waits at the start 200 ms to 5 s, and 200 ms each time while records wait", () => {
    assert.deepEqual(AT_START, { firstMs: 200, mostMs: 5000 });
    assert.deepEqual(PROMPT, { firstMs: 200, mostMs: 200 });
  });

  it("ends in the middle of a pause when the service is to stop, without a result", async () => {
    const patience = { firstMs: 3_600_000, mostMs: 3_600_000 };
    const onFirstFailure = () => void setImmediate(() => stop.abort());
    assert.equal(await persistently(failing(1), { patience, stop: stop.signal, onFailure: onFirstFailure }), undefined);
    await pause(3_600_000, stop.signal);
  });

  it("attempts nothing once the service is to stop", async () => {
    stop.abort();
    const attempt = async () => assert.fail("attempted");
    assert.equal(await persistently(attempt, { patience: QUICK, stop: stop.signal, onFailure }), undefined);
  });

  it("gives the result of an attempt during which the stop came: a client that connected has to be closed", async () => {
    const attempt = async () => {
      stop.abort();
      return "connected";
    };
    assert.equal(await persistently(attempt, { patience: QUICK, stop: stop.signal, onFailure }), "connected");
  });

  it("does not repeat what fails otherwise than by Kafka", async () => {
    const bug = new RangeError("a bug");
    const attempt = () => Promise.reject(bug);
    await assert.rejects(persistently(attempt, { patience: QUICK, stop: stop.signal, onFailure }), bug);
    assert.deepEqual(waits, []);
  });

  it("ends with what the judgement of an error throws", async () => {
    const ahead = new Error("really ahead");
    const mayRetry = () => Promise.reject(ahead);
    await assert.rejects(retry(failing(1), { patience: QUICK, stop: stop.signal, onFailure, mayRetry }), ahead);
  });
});
