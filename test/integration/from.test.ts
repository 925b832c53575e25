import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { freePort } from "../../deploy/local/free-port.js";
import { startLocalKafka } from "../../deploy/local/local-kafka.js";
import { observationSchema, type Prediction, predictionSchema } from "../../shared/contract/schemas.js";
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

/** What predictions lack of one for each row of the file and model, in order, with the right score at the end. */
function faultsOf(found: ReadonlyMap<string, readonly Prediction[]>, { records, mse }: GoldenFile) {
  const faults = { lost: 0, repeated: 0, disordered: 0, wrong: 0 };
  for (const model of MODELS) {
    const own = found.get(model) ?? [];
    const steps = own.map(({ i }) => i);
    faults.lost += records - new Set(steps).size;
    faults.repeated += steps.length - new Set(steps).size;
    faults.disordered += steps.filter((i, at) => at > 0 && i <= steps[at - 1]).length;
    const last = own.at(-1)?.mse ?? Number.NaN;
    if (!(Math.abs(last - mse[model]) <= 1e-9 * mse[model])) faults.wrong++;
  }
  return faults;
}

describe("npm start --from", function () {
  this.timeout(600_000);

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

  function start(args: readonly string[], input?: Buffer, environment?: Readonly<Record<string, string>>): StartRun {
    const given = { HTTP_PORT: ports.http, ...environment };
    current = new StartRun(directory, ["--kafka-port", ports.kafka, ...args], given, input);
    return current;
  }

  /** All predictions, by model. */
  async function predictions(brokers: string): Promise<ReadonlyMap<string, readonly Prediction[]>> {
    const records = [...(await readTopic(brokers, "rls-predictions")), ...(await readTopic(brokers, "ml-predictions"))];
    const found = new Map<string, Prediction[]>();
    for (const { value } of records) {
      const prediction = predictionSchema.parse(JSON.parse(String(value)));
      found.set(prediction.model, [...(found.get(prediction.model) ?? []), prediction]);
    }
    return found;
  }

  /** Looks at the broker of a race that has ended. */
  async function onBrokerOf<T>(race: string, look: (brokers: string) => Promise<T>): Promise<T> {
    const folder = join(directory, "from", race, "kafka", "broker");
    const kafka = await startLocalKafka({ directory: folder });
    try {
      return await look(kafka.brokers);
    } finally {
      await kafka.stop();
    }
  }

  it("ends by itself with a table of all models of both racers, whose scores are scikit-learn's", async () => {
    const run = start(["--from", DIABETES, "--target", "progression"]);
    assert.equal(await run.ended(), 0, run.out);
    assertScores(run, "diabetes", goldenFile("diabetes"));
    assert.match(run.out, /^\S+diabetes\.csv: 442 rows read, 442 sent, none refused\.$/m);
  });

  it("says what it found a file to be, what it refused of it, and names a column that is no number before it starts", async () => {
    const path = join(directory, "shops.csv");
    const rows = Array.from({ length: 30 }, (_, k) => `${k % 2 === 0 ? "north" : "south"};${k},5;${k * k};note ${k}`);
    writeFileSync(path, `\ufeffshop;price;a;note\r\n${rows.join("\r\n")}\r\nnorth;no idea;1;x\r\n`);
    const unclear = start(["--from", path, "--target", "price", "--series", "shop"]);
    assert.equal(await unclear.ended(), EXIT_CONFIGURATION, unclear.out);
    assert.match(unclear.out, /note/);
    assert.doesNotMatch(unclear.out, /Starting Kafka/);

    const run = start(["--from", path, "--target", "price", "--series", "shop", "--features", "a"]);
    assert.equal(await run.ended(), 0, run.out);
    assert.match(run.out, /^\S+shops\.csv: CSV, semicolon between cells, decimal comma/m);
    assert.deepEqual([run.row("north").get("records"), run.row("south").get("records")], ["15", "15"]);
    assert.match(run.out, /^\S+shops\.csv: 31 rows read, 30 sent, 1 refused \(.+ 1\)\.$/m);
  });

  it("killed in the middle together with its broker, and started again, forecasts every row once, in its order, as if it had run through", async () => {
    const command = ["--from", DIABETES, "--target", "progression", "--topic", "killed"];
    // So often that some transaction is decided and not ended when the broker dies with the run.
    const often = { COMMIT_INTERVAL_MS: "20" };
    const first = start([...command, "--rate", "20"], undefined, often);
    await waitFor("some forecasts", () => / rf: mse [^\n]* \d+ records/.test(first.out), 180_000);
    first.process.kill("SIGKILL");
    await first.ended();
    assert.doesNotMatch(first.out, /records +leader/);

    const second = start(command, undefined, often);
    assert.equal(await second.ended(), 0, second.out);
    const golden = goldenFile("diabetes");
    assertScores(second, "diabetes", golden);
    const faults = await onBrokerOf("killed", async (brokers) => faultsOf(await predictions(brokers), golden));
    assert.deepEqual(faults, { lost: 0, repeated: 0, disordered: 0, wrong: 0 });
  });

  it("races packed files, with the time of a row, parts of it as features, and the last value of what is missing", async () => {
    const path = join(directory, "sales.csv.gz");
    writeFileSync(
      path,
      gzipSync("date,price,demand\n2023-12-31,10,4\n2024-03-01,11,\n1969-01-01,NA,6\n2024-07-01,12,7\n"),
    );
    const run = start([
      ...["--from", path, "--target", "price", "--time", "date", "--calendar", "month", "--missing", "last"],
    ]);
    assert.equal(await run.ended(), 0, run.out);
    assert.equal(run.row("sales").get("records"), "3");
    assert.match(run.out, /^\S+sales\.csv\.gz: 4 rows read, 3 sent, 1 refused \(missing 1\)\.$/m);
    const sent = await onBrokerOf("sales", (brokers) => readTopic(brokers, "sales.observations"));
    assert.deepEqual(
      sent.map(({ timestamp }) => new Date(timestamp ?? Number.NaN).toISOString().slice(0, 10)),
      ["2023-12-31", "2024-03-01", "2024-07-01"],
    );
    // The last demand, then sine and cosine of 11/12, 2/12 and 6/12 of a turn.
    const expected = [
      [4, -0.5, Math.sqrt(3) / 2],
      [4, Math.sqrt(3) / 2, 0.5],
      [7, 0, -1],
    ];
    for (const [at, { value }] of sent.entries()) {
      const { x = [] } = observationSchema.parse(JSON.parse(String(value)));
      assert.equal(x.length, 3);
      for (const [place, number] of x.entries())
        assert.ok(Math.abs(number - expected[at][place]) < 1e-12, String(value));
    }

    const zstd = start(["--from", join(root, "test/data/small.csv.zst")]);
    assert.equal(await zstd.ended(), 0, zstd.out);
    assert.equal(zstd.row("small").get("records"), "2");
  });

  it("races one column of numbers on its last values, as the same models do by scikit-learn on the same lags", async () => {
    const file = join(root, "test/data/co2.csv");
    const run = start(["--from", file, "--target", "co2", "--features", "-", "--lags", "5"]);
    assert.equal(await run.ended(), 0, run.out);
    assertScores(run, "co2", goldenFile("co2"));
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
    assert.match(second.out, /^standard input: 60 rows read, 60 sent, none refused; nothing to do: /m);

    const other = start(["--from", "-", "--target", "progression", "--features", "bmi"], input);
    assert.equal(await other.ended(), EXIT_CONFIGURATION);
    assert.match(other.out, /REPLAY_FEATURES is bmi, but the race stdin was begun with bmi,bp: .* --fresh/);
  });
});
