import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { SERVICE_NAMES } from "../../../services/names.js";
import { type Scraped, up } from "../../support/judge/alert-case.js";
import { panelQueries } from "../../support/judge/dashboard-queries.js";
import { promtool, promtoolStage } from "../../support/judge/promtool.js";
import { rulesOf } from "../../support/judge/rule-files.js";

const RULES = "rules.yml";

/** What a panel shows: labels in Prometheus' notation, and the value. */
type Shown = Readonly<Record<string, number>>;

/** A sample of each series every 5 s; a service dies after a minute and a half. */
const DIED = "ml-racer";
const COMMITS = Object.fromEntries(
  SERVICE_NAMES.map((service) => [
    `regatta_last_commit_timestamp_seconds{service="${service}", instance="${service}:9464"}`,
    service === DIED ? "0+5x18 stale" : "0+5x60",
  ]),
);
const ONE_DEAD: Scraped = {
  ...up(SERVICE_NAMES.filter((service) => service !== DIED)),
  ...up([DIED], "1x18 0x60"),
  ...COMMITS,
  'regatta_consumer_lag_seconds{service="rls-racer", instance="rls-racer:9464"}': "0x60",
};

const of = (metric: string, labels: string) => `regatta_${metric}{topic="dataLinearModel", ${labels}}`;

describe("a panel", function () {
  this.timeout(60_000);
  const stage = promtoolStage("regatta-panels-");

  // Panels ask for no alert that is staged here, and evaluating all of them takes most of the time.
  before(() => writeFileSync(join(stage.directory, RULES), stringify(rulesOf("none"))));

  /** Has Prometheus evaluate the lines of panels, named by dashboard, panel and letter, after some time. */
  function expectShown(scraped: Scraped, time: string, panels: Readonly<Record<string, Shown>>): void {
    const queries = panelQueries();
    const test = {
      rule_files: [RULES],
      evaluation_interval: "5s",
      tests: [
        {
          interval: "5s",
          input_series: Object.entries(scraped).map(([series, values]) => ({ series, values })),
          promql_expr_test: Object.entries(panels).map(([panel, shown]) => ({
            expr: queries.find((query) => query.of === `Regatta: ${panel}`)?.expr ?? assert.fail(`no panel ${panel}`),
            eval_time: time,
            exp_samples: Object.entries(shown).map(([labels, value]) => ({ labels, value })),
          })),
        },
      ],
    };
    writeFileSync(join(stage.directory, "test.yml"), stringify(test));
    try {
      promtool(stage.program, ["test", "rules", "test.yml"], stage.directory);
    } catch (error) {
      assert.fail(String((error as { stderr?: unknown }).stderr ?? error));
    }
  }

  it("of the pipeline tells of a service that does not answer: its commits, its records, its replica", () => {
    // It has committed for the last time 90 s after the start; its input waits at least since then.
    expectShown(ONE_DEAD, "3m", {
      "the pipeline: Last commit, A": { "{}": 90 },
      "the pipeline: Oldest record waiting, A": { "{}": 90 },
      "the pipeline: Replicas down, A": { "{}": 1 },
    });
    const build = (service: string) =>
      `regatta_build_info{service="${service}", instance="${service}:9464", version="1", node="20"}`;
    const state = (service: string) =>
      `regatta_service_state{service="${service}", instance="${service}:9464", state="running"}`;
    const replicas: Scraped = {
      ...ONE_DEAD,
      [build("rls-racer")]: "1x60",
      [state("rls-racer")]: "1x60",
      [build(DIED)]: "1x18 stale",
      [state(DIED)]: "1x18 stale",
    };
    const row = (service: string, of: string) =>
      `{service="${service}", instance="${service}:9464", version="1", node="20", state="${of}"}`;
    expectShown(replicas, "3m", {
      "the pipeline: Replicas, A": {
        [row("rls-racer", "running")]: 1,
        [row(DIED, "no answer").replace("{", "regatta_build_info{")]: 1,
      },
    });
  });

  it("of the pipeline is calm while all services answer and nothing waits", () => {
    const well: Scraped = {
      ...ONE_DEAD,
      ...up([DIED]),
      [Object.keys(COMMITS).find((name) => name.includes(DIED)) ?? ""]: "0+5x60",
    };
    expectShown(well, "3m", {
      "the pipeline: Alerts firing, A": { "{}": 0 },
      "the pipeline: Last commit, A": { "{}": 0 },
      "the pipeline: Oldest record waiting, A": { "{}": 0 },
      "the pipeline: Replicas down, A": { "{}": 0 },
    });
  });

  it("of the race names one leader, whatever one series had at its start, and counts the series", () => {
    // b is better in two series of three; of the third, an outlier has made every error large.
    const scores: Record<string, string> = {};
    for (const [series, a, b] of [
      ["s0", 2, 1],
      ["s1", 3, 2],
      ["s2", 900, 1000],
    ] as const) {
      scores[of("model_mse", `series="${series}", model="a"`)] = `1x6 ${a}x60`;
      scores[of("model_mse", `series="${series}", model="b"`)] = `9x6 ${b}x60`;
      scores[of("series_target", `series="${series}"`)] = "0x60";
    }
    scores[of("series_raced", 'instance="x"')] = "5x60";
    expectShown(scores, "3m", {
      "the race: Leader, A": { '{model="b"}': 1 },
      "the race: Ahead of the next by, A": { "{}": 0.5 },
      "the race: Series led, A": { '{model="a"}': 1, '{model="b"}': 2 },
      "the race: Mean squared error, A": { '{model="a"}': 3, '{model="b"}': 2 },
      "the race: Series shown, A": { "{}": 3 },
      "the race: Series shown, B": { "{}": 5 },
    });
  });

  it("of the race shows the exact error of the window and the skill in it, once where two instances show a series", () => {
    // For a minute and a half errors of 1, then of 2; one forecast a scrape. At 3 min the window of 20 s is of errors of 2 alone.
    const model = (name: string, values: string, instance: string) => ({
      [of(name, `series="s0", model="a", instance="${instance}"`)]: values,
    });
    // 19 errors of 1 by then; the mean squared error after k more is (19 + 4 k) / (19 + k).
    const mse = Array.from({ length: 19 }, (_, k) => (19 + 4 * k) / (19 + k)).join(" ");
    const baseline = Array.from({ length: 19 }, (_, k) => (19 + 8 * k) / (19 + k)).join(" ");
    const before = { ...model("model_mse", "1x10", "y"), ...model("model_scored_forecasts", "1+1x10", "y") };
    const scored: Scraped = {
      ...before,
      ...model("model_mse", `1x17 ${mse}`, "x"),
      ...model("model_scored_forecasts", "1+1x36", "x"),
      [of("baseline_mse", 'series="s0", baseline="last"')]: `1x17 ${baseline}`,
      [of("baseline_scored_forecasts", 'series="s0", baseline="last"')]: "1+1x36",
    };
    expectShown(scored, "3m", {
      "the race: Error of late, A": { '{model="a"}': 4 },
      "the race: Skill of late against $baseline, A": { '{model="a"}': 0.5 },
    });
  });

  it("of the race shows each line of a series once while two instances show it", () => {
    const series: Record<string, string> = {};
    for (const instance of ["x", "y"]) {
      series[of("series_target", `series="s0", instance="${instance}"`)] = "3x60";
      series[of("model_forecast", `series="s0", model="a", instance="${instance}"`)] = "5x60";
    }
    const line = '{topic="dataLinearModel", series="s0"}';
    const ofModel = '{topic="dataLinearModel", series="s0", model="a"}';
    expectShown(series, "3m", {
      "the race: $series, A": { [line]: 3 },
      "the race: $series, B": { [ofModel]: 5 },
      "the race: $series: forecast less y, A": { [ofModel]: 2 },
      "the race: Bias, A": { '{model="a"}': 2 },
      "the race: Spread, A": { '{model="a"}': 0 },
    });
  });
});
