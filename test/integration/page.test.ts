import assert from "node:assert/strict";
import type { Browser, Page } from "playwright-core";
import { freePort } from "../../deploy/local/free-port.js";
import { hashOf } from "../../deploy/page/browser/route.js";
import { encodeObservation } from "../../shared/contract/schemas.js";
import { LINEAR_TOPIC, observationsTopic, topics } from "../../shared/contract/topics.js";
import { encodeBest, encodeVerdict } from "../../shared/contract/verdict-schemas.js";
import { bestOf, verdictOf } from "../support/data/page-records.js";
import { createTopic, waitForRecords, writeRecords } from "../support/kafka/kafka-topics.js";
import { openBrowser, seriousFaults, type WatchedPage, watchedPage } from "../support/page-browser.js";
import { seededRandom } from "../support/seed.js";
import { RunningCommand } from "../support/services/command-runner.js";
import { stackFor } from "../support/services/stack.js";

const OBSERVATIONS = observationsTopic(LINEAR_TOPIC).name;
const EVIL = `<img src=x onerror="document.title='owned'"><b>\u202e`;
const SERIES = ["alpha", "beta", EVIL];
/** A topic with so many series, whose results are written as a racer writes them. */
const MANY_TOPIC = "many";
const MANY = 1000;

describe("the page of the race", function () {
  this.timeout(300_000);
  const stack = stackFor();
  const { random } = seededRandom();
  let browser: Browser;
  let command: RunningCommand;
  let port: number;
  let watched: WatchedPage;
  let page: Page;
  let steps = 0;

  /** y follows x: a mean of all y is champion at first, and the linear model is soon better by more than luck. */
  async function observe(count: number): Promise<void> {
    const records = Array.from({ length: count }, (_, k) => steps + k).flatMap((i) =>
      SERIES.map((series) => {
        const x = 10 * random();
        const value = encodeObservation({ topic: LINEAR_TOPIC, series, i, y: 3 * x + random(), x: [x] });
        return { topic: OBSERVATIONS, partition: 0, key: series, value };
      }),
    );
    steps += count;
    await writeRecords(stack.brokers, records);
    await waitForRecords(stack.brokers, topics.rlsBest.name, steps * SERIES.length);
  }

  const startPage = async () => {
    const args = ["--port", String(port)];
    command = RunningCommand.start("page", args, { KAFKA_BROKERS: stack.brokers });
    await command.said("stdout", `the race is shown at http://127.0.0.1:${port}/`);
  };
  const heading = (text: string | RegExp) => page.getByRole("heading", { level: 1, name: text }).waitFor();

  before(async function () {
    const found = await openBrowser();
    if (found === undefined) {
      console.log("      Skipped: there is no Chromium and no Chrome on the PATH, and CHROMIUM names none.");
      this.skip();
    }
    browser = found;
    await createTopic(stack.brokers, OBSERVATIONS, 1);
    const settings = { INPUT_TOPICS: OBSERVATIONS, RLS_MODELS: "mean,rls1:1.0", VERDICT_EVERY: "20" };
    await stack.start("rls-racer", settings).ready(1);
    await observe(10);
    port = await freePort();
    await startPage();
    watched = await watchedPage(browser);
    page = watched.page;
    await page.goto(`http://127.0.0.1:${port}/`);
  });

  after(async () => {
    await browser?.close();
    command?.signal("SIGTERM");
  });

  it("shows who is champion of the first series, how sure that is, its forecasts and its scores", async () => {
    await heading(/is champion of/);
    await page.getByRole("link", { name: "alpha" }).click();
    await heading(/mean is champion of alpha/);
    await page.getByText("The newest values as a table").click();
    const newest = page.locator("#newest tbody tr");
    assert.equal(await newest.first().locator("td").first().textContent(), String(steps - 1));
    assert.equal(await page.locator("#scores tbody tr").count(), 2);
    assert.ok((await page.locator("#forecast-chart canvas").count()) === 1);
    assert.ok((await page.locator("#errors-chart rect").count()) > 10);
  });

  it("shows the members and the lag of the services' groups", async () => {
    await page.locator("#services .up", { hasText: /^rls-racer running 1 member, lag 0$/ }).waitFor();
  });

  it("finds a series by its name and shows it, with an address that another page can open", async () => {
    await page.getByRole("searchbox", { name: "Find" }).fill("bet");
    await page.locator("#series tr").nth(1).waitFor({ state: "detached" });
    await page.getByRole("link", { name: "beta" }).click();
    await heading(/champion of beta/);
    assert.equal(new URL(page.url()).hash, hashOf({ topic: LINEAR_TOPIC, series: "beta" }));
    const other = await watchedPage(browser);
    await other.page.goto(page.url());
    await other.page.getByRole("heading", { level: 1, name: /champion of beta/ }).waitFor();
    await other.page.close();
    await page.getByRole("searchbox", { name: "Find" }).fill("");
  });

  it("shows a name that is markup as the text that it is", async () => {
    await page.getByRole("link", { name: "<img src=x" }).click();
    await heading(/champion of <img src=x onerror=/);
    assert.equal(await page.locator("#series img, h1 img, h1 b").count(), 0);
    assert.notEqual(await page.title(), "owned");
    await page.getByRole("link", { name: "alpha" }).click();
  });

  it("shows a verdict as it comes: another champion, and since when", async () => {
    await heading(/mean is champion of alpha/);
    await observe(300);
    await heading(/rls1 is champion of alpha/);
    await page.locator("#verdicts li", { hasText: "after mean" }).waitFor();
    await page.getByText("before that mean").waitFor();
    assert.equal(await page.locator("#leader-said").textContent(), "rls1 is champion of alpha");
  });

  it("shows a dead letter as it comes, with its reason", async () => {
    await writeRecords(stack.brokers, [{ topic: OBSERVATIONS, partition: 0, key: "k", value: EVIL }]);
    const letter = page.locator("#letters li", { hasText: `${OBSERVATIONS}[0]@` });
    await letter.getByText("<img src=x").waitFor();
    assert.match((await letter.textContent()) ?? "", /rls-racer/);
    assert.equal(await page.locator("#letters img").count(), 0);
  });

  it("complains of nothing, and asks nobody else", () => {
    assert.deepEqual(watched.complaints, []);
    const origins = new Set(watched.requests.map((url) => new URL(url).origin));
    assert.deepEqual([...origins], [`http://127.0.0.1:${port}`]);
  });

  it("says that the server is away, and goes on by itself when it is back", async () => {
    command.signal("SIGTERM");
    await command.ended();
    await page.getByText(/^Away:/).waitFor();
    await observe(20);
    await startPage();
    await page.getByText(/^Live from Kafka/).waitFor();
    await page.locator("#newest td", { hasText: new RegExp(`^${steps - 1}$`) }).waitFor();
    await heading(/rls1 is champion of alpha/);
  });

  describe("with a thousand series", () => {
    before(async () => {
      const names = Array.from({ length: MANY }, (_, k) => `m${k}`);
      await writeRecords(
        stack.brokers,
        names.flatMap((series) => [
          {
            topic: topics.rlsVerdicts.name,
            key: `${MANY_TOPIC}/${series}`,
            value: encodeVerdict(verdictOf(MANY_TOPIC, series, 0)),
          },
          ...[0, 1, 2].map((i) => ({
            topic: topics.rlsBest.name,
            key: series,
            value: encodeBest(bestOf(MANY_TOPIC, series, i)),
          })),
        ]),
      );
    });

    it("lists and finds them all, a page at a time", async () => {
      await page.locator("#list-count", { hasText: /^1,003$/ }).waitFor();
      assert.equal(await page.locator("#series tr").count(), 20);
      assert.equal(await page.locator("#series svg path").count(), 20);
      await page.getByRole("button", { name: "Next" }).click();
      await page.getByText("2 of 51").waitFor();
      await page.getByRole("searchbox", { name: "Find" }).fill("m999");
      await page.locator("#list-count", { hasText: "1 of 1,003" }).waitFor();
      await page.getByRole("link", { name: "m999" }).click();
      await heading(/rls1 is champion of m999/);
    });

    it("has nothing that axe finds serious, in light and dark", async () => {
      await page.getByRole("searchbox", { name: "Find" }).fill("");
      await page.getByRole("link", { name: "alpha" }).click();
      await heading(/champion of alpha/);
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        assert.deepEqual(await seriousFaults(page), []);
      }
    });

    it("fits a telephone: nothing is wider than 375 pixels", async () => {
      await page.setViewportSize({ width: 375, height: 800 });
      await page.getByText("Champions:").waitFor();
      const width = await page.evaluate("document.documentElement.scrollWidth");
      assert.equal(width, 375);
    });
  });
});
