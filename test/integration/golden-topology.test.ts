import assert from "node:assert/strict";
import { rlsPredictionSchema } from "../../shared/schemas.js";
import { createTopic, readTopic, writeRecords } from "../support/kafka-topics.js";
import { assertClose, RLS_GOLDEN_STREAMS, readRlsGolden } from "../support/rls-golden.js";
import { Stack } from "../support/stack.js";
import { waitFor } from "../support/wait.js";

describe("golden files through the running topology", function () {
  this.timeout(300_000);
  let stack: Stack;

  before(async () => {
    stack = await Stack.open();
  });
  after(async () => {
    await stack.close();
  });

  it("gives Python's RLS numbers to 1e-9 on the predictions topic for what was written to the raw topic", async () => {
    await createTopic(stack.brokers, "dataLinearModel", 4);
    await createTopic(stack.brokers, "dataNonLinearModel", 4);
    let expected = 0;
    for (const stream of RLS_GOLDEN_STREAMS) {
      const { x, y } = readRlsGolden(stream, "1.0");
      expected += 2 * y.length;
      const text = (i: number) => `[${[i, y[i], ...x[i]].join(", ")}]`;
      await writeRecords(
        stack.brokers,
        y.map((_, i) => ({ topic: "dataLinearModel", key: stream, value: text(i) })),
      );
    }
    stack.start("deserializer");
    stack.start("rls-racer");
    const records = await waitFor(`${expected} predictions`, async () => {
      const found = await readTopic(stack.brokers, "rls-predictions");
      return found.length >= expected && found;
    });
    assert.equal(records.length, expected);
    const predictions = records.map(({ value }) => rlsPredictionSchema.parse(JSON.parse(value?.toString() ?? "")));
    for (const stream of RLS_GOLDEN_STREAMS) {
      for (const [model, nu] of [
        ["rls1", "1.0"],
        ["rls2", "0.99"],
      ] as const) {
        const golden = readRlsGolden(stream, nu);
        const own = predictions.filter((p) => p.series === stream && p.model === model);
        assert.deepEqual(
          own.map(({ i }) => i),
          golden.y.map((_, i) => i),
        );
        for (const [i, { yhat, error, mse, beta, y }] of own.entries()) {
          const what = `${stream}, ${model}, record ${i}`;
          assert.equal(y, golden.y[i]);
          assertClose(yhat, golden.yhat[i], `${what}, yhat`);
          assertClose(error, golden.error[i], `${what}, error`);
          assertClose(mse, golden.mse[i], `${what}, mse`);
          for (const [j, coefficient] of golden.beta[i].entries())
            assertClose(beta?.[j] ?? null, coefficient, `${what}, beta ${j}`);
        }
      }
    }
  });
});
