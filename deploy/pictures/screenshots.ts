/**
 * `npm run screenshots`: the pictures of the documents. Board and page are those of a race that it starts, with a Kafka of its own;
 * dashboards those of a Grafana that runs and lets visitors look, as that of docker-compose.yml does.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Argument, Command, InvalidArgumentError } from "commander";
import type { Browser } from "playwright-core";
import { type Environment, readSettings, setting } from "../../shared/config.js";
import { ConfigurationError } from "../../shared/errors.js";
import { optional, textSetting } from "../../shared/setting-kinds.js";
import { notice, runCommand } from "../cli/command.js";
import { findBrowser, isProgram, launchBrowser } from "./browser.js";
import { expectDashboards, takeDashboardPictures } from "./dashboard-pictures.js";
import { takePagePictures } from "./page-picture.js";
import { noteTaken, PICTURES } from "./pictures.js";
import { type TerminalSize, takeTerminalPicture } from "./terminal-picture.js";
import { TerminalRun } from "./terminal-run.js";

const START = fileURLToPath(new URL("../local/start.js", import.meta.url));
const SIZE: TerminalSize = { columns: 100, rows: 26 };
/** The champion of the start is one that is not the best, so that another one replaces it. */
const MODELS = { ML_MODELS: "lin,rf,gb" };
const RACE = ["--fresh", "--series", "3", "--features", "5", "--rate", "90"];
/** What the page is pictured of, and when: there has to be something to see. */
const MOMENT = { topic: "dataNonLinearModel", series: "s1", digits: 4 };

const KINDS = ["race", "dashboards"] as const;
type Kind = (typeof KINDS)[number];

const GRAFANA = "address of a Grafana that runs, such as http://127.0.0.1:3000";
const definitions = {
  grafana: setting("GRAFANA_URL", optional(textSetting(addressOf, "an address such as http://127.0.0.1:3000")), {
    default: "",
    doc: GRAFANA,
  }),
  browser: setting("CHROMIUM", optional(textSetting(programOf, "a program that can be run")), {
    default: "",
    doc: "path of Chromium or Chrome; empty takes the one on the PATH",
  }),
};

interface ScreenshotOptions {
  readonly directory: string;
  readonly page?: string;
}

/** Without a slash at its end. */
function addressOf(text: string): string | undefined {
  const isWeb = URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
  return isWeb ? text.replace(/\/+$/, "") : undefined;
}

/** @throws {InvalidArgumentError} no address of HTTP */
function pageAddress(text: string): string {
  const address = addressOf(text);
  if (address === undefined) throw new InvalidArgumentError("expected an address such as http://127.0.0.1:9470.");
  return `${address}/`;
}

/** A password in an address would be shown wherever the address is printed. */
function faultsOf({ grafana }: { readonly grafana?: string | undefined }): readonly string[] {
  if (grafana === undefined) return [];
  const { username, password } = new URL(grafana);
  return username === "" && password === "" ? [] : ["GRAFANA_URL names a user: expected the address alone"];
}

function programOf(text: string): string | undefined {
  return isProgram(text) ? text : undefined;
}

const command = new Command("screenshots")
  .description("Takes the pictures of the documents: of a race that it starts, and of the Grafana at GRAFANA_URL.")
  .addArgument(
    new Argument("[what...]", "what is pictured; by default the race, and dashboards where GRAFANA_URL is set").choices(
      KINDS,
    ),
  )
  .option("--directory <folder>", "where the pictures are written to", PICTURES)
  .option(
    "--page <url>",
    "address of a page that is served already: it is pictured, and no race is started",
    pageAddress,
  );

await runCommand(command, async (environment) => {
  const { directory, page } = command.opts<ScreenshotOptions>();
  const { grafana, browser: named } = readSettings(definitions, environment, faultsOf);
  const asked: readonly Kind[] = command.processedArgs[0];
  const what = asked.length > 0 ? asked : grafana === undefined ? ["race"] : KINDS;
  const program = named ?? findBrowser(environment.PATH ?? "");
  if (what.includes("dashboards")) {
    if (grafana === undefined) throw new ConfigurationError([`GRAFANA_URL is not set: ${GRAFANA}`]);
    await expectDashboards(grafana);
  }
  if (program === undefined) {
    throw new Error("found no Chromium and no Chrome on the PATH: install one, or name its program in CHROMIUM");
  }
  mkdirSync(directory, { recursive: true });
  const browser = await launchBrowser(program);
  try {
    const taken: string[] = [];
    if (what.includes("race")) {
      taken.push(
        ...(await (page === undefined
          ? pictureRace(browser, directory, environment)
          : takePagePictures(browser, { ...MOMENT, url: page }, directory))),
      );
    }
    if (grafana !== undefined && what.includes("dashboards")) {
      taken.push(...(await takeDashboardPictures(browser, grafana, directory)));
    }
    noteTaken(directory, taken);
    for (const file of taken) notice(join(directory, file));
  } finally {
    await browser.close();
  }
});

/** Board and page of a race that nobody's settings change: it is the same one on every machine. */
async function pictureRace(browser: Browser, directory: string, { PATH, HOME }: Environment): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "regatta-pictures-"));
  const environment = { PATH, HOME, LANG: "C.UTF-8", ...MODELS };
  const run = new TerminalRun([process.execPath, START, ...RACE], SIZE, { directory: folder, environment });
  const pictures = async () => {
    const [, url] = await run.said(/The race is shown at (\S+)/);
    notice(`a race runs in ${folder}; its page is ${url}`);
    const pages = await takePagePictures(browser, { ...MOMENT, url }, directory);
    await takeTerminalPicture(browser, run.written, SIZE, join(directory, "board.png"));
    return [...pages, "board.png"];
  };
  try {
    return await Promise.race([pictures(), run.failed()]);
  } finally {
    await run.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
