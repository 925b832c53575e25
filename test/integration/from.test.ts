import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../deploy/local/free-port.js";
import { startLocalKafka } from "../../deploy/local/local-kafka.js";
import { type Prediction, predictionSchema } from "../../shared/contract/schemas.js";
import { EXIT_CONFIGURATION } from "../../shared/errors.js";
import { readTopic } from "../support/kafka/kafka-topics.js";
import { StartRun } from "../support/services/start-runner.js";
import { root } from "../support/structure/imports.js";
import { waitFor } from "../support/wait.js";

const MODELS = ["rls1", "rls2", "rf", "lin", "gb"];
const DIABETES = join(root, "test/data/diabetes.csv");

/** What a file's models score by scikit-learn and numpy; see test/parity/sklearn/golden_files.py. */
interface GoldenFile {
  readonly records: number;
  readonly mse: Readonly<Record<string, number>>;
}

function goldenFile(name: string): GoldenFile {
  return JSON.parse(readFileSync(join(root, `test/parity/golden/file_${name}.json`), "utf8")) as GoldenFile;
}

/** The row that the final table of a whole file has, to its five digits. */
function assertScores(run: StartRun, series: string, { records, mse }: GoldenFile): void {
  const row = run.row(series);
  assert.equal(row.get("records"), records.toLocaleString("en-US"));
  assert.deepEqual(
    MODELS.map((model) => [model, row.get(model)]),
    MODELS.map((model) => [model, mse[model].toPrecision(5)]),
  );
  const best = MODELS.reduce((a, b) => (mse[b] < mse[a] ? b : a));
  assert.equal(row.get("leader"), best);
}

describe("npm start --from", function () {
  this.timeout(300_000);

  let directory: string;
  let current: StartRun | undefined;
  let ports: { kafka: string; http: string };

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "regatta-from-"));
    ports = { kafka: String(await freePort()), http: String(await freePort()) };
  });

  afterEach(async () => {
    if (current?.process.exitCode === null) current.process.kill("SIGTERM");
    await current?.ended();
  });

  after(() => rmSync(directory, { recursive: true, force: true }));

  function start(args: readonly string[], input?: Buffer): StartRun {
    current = new StartRun(directory, ["--kafka-port", ports.kafka, ...args], { HTTP_PORT: ports.http }, input);
    return current;
  }

  /** All predictions of the race of a topic, by model, once its run has ended. */
  async function predictions(topic: string): Promise<ReadonlyMap<string, readonly Prediction[]>> {
    const broker = join(directory, "from", topic, "kafka", "broker");
    const kafka = await startLocalKafka({ directory: broker, port: await freePort() });
    try {
      const records = [
        ...(await readTopic(kafka.brokers, "rls-predictions")),
        ...(await readTopic(kafka.brokers, "ml-predictions")),
      ];
      const found = new Map<string, Prediction[]>();
      for (const { value } of records) {
        const prediction = predictionSchema.parse(JSON.parse(String(value)));
        found.set(prediction.model, [...(found.get(prediction.model) ?? []), prediction]);
      }
      return found;
    } finally {
      await kafka.stop();
    }
  }

  it("ends by itself with a table of all models of both racers, whose scores are scikit-learn's", async () => {
    const run = start(["--from", DIABETES, "--target", "progression"]);
    assert.equal(await run.ended(), 0, run.out);
    assertScores(run, "diabetes", goldenFile("diabetes"));
  });

  it("killed in the middle and started again, forecasts every row once, in its order, as if it had run through", async () => {
    const command = ["--from", DIABETES, "--target", "progression", "--topic", "killed"];
    const first = start([...command, "--rate", "40"]);
    await waitFor("some forecasts", () => / rf: mse [^\n]* \d+ records/.test(first.out), 120_000);
    first.process.kill("SIGKILL");
    await first.ended();
    assert.doesNotMatch(first.out, /records +leader/);

    const second = start(command);
    assert.equal(await second.ended(), 0, second.out);
    const golden = goldenFile("diabetes");
    assertScores(second, "diabetes", golden);
    const found = await predictions("killed");
    assert.deepEqual([...found.keys()].sort(), [...MODELS].sort());
    const faults = { lost: 0, repeated: 0, disordered: 0, wrong: 0 };
    for (const [model, own] of found) {
      const steps = own.map(({ i }) => i);
      faults.lost += golden.records - new Set(steps).size;
      faults.repeated += steps.length - new Set(steps).size;
      faults.disordered += steps.filter((i, at) => at > 0 && i <= steps[at - 1]).length;
      const mse = own.at(-1)?.mse ?? Number.NaN;
      if (!(Math.abs(mse - golden.mse[model]) <= 1e-9 * golden.mse[model])) faults.wrong++;
    }
    assert.deepEqual(faults, { lost: 0, repeated: 0, disordered: 0, wrong: 0 });
  });

  it("reads standard input; the same input again is the same race, and nothing is sent twice", async () => {
    const rows = readFileSync(DIABETES, "utf8").split("\n").slice(0, 61);
    const input = Buffer.from(`${rows.join("\n")}\n`);
    const first = start(["--from", "-", "--target", "progression", "--features", "bmi,bp"], input);
    assert.equal(await first.ended(), 0, first.out);
    assert.equal(first.row("stdin").get("records"), "60");
    const second = start(["--from", "-", "--target", "progression", "--features", "bmi,bp"], input);
    assert.equal(await second.ended(), 0, second.out);
    assert.deepEqual(second.row("stdin"), first.row("stdin"));

    const other = start(["--from", "-", "--target", "progression", "--features", "bmi"], input);
    assert.equal(await other.ended(), EXIT_CONFIGURATION);
    assert.match(other.out, /REPLAY_FEATURES is bmi, but the race stdin was begun with bmi,bp: .* --fresh/);
  });
});
