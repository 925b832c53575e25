/**
 * `npm run screenshots`: pictures of the dashboards in a Grafana that runs and lets visitors look, as that of
 * docker-compose.yml does.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import { Command } from "commander";
import { chromium } from "playwright-core";
import { readSettings, setting } from "../../shared/config.js";
import { optional, textSetting } from "../../shared/setting-kinds.js";
import { notice, runCommand } from "../cli/command.js";
import { type DashboardView, findBrowser, isProgram, takePicture } from "./dashboard-picture.js";
import { dashboards } from "./dashboards.js";

const ANSWER_TIMEOUT_MS = 20_000;
const HTTP_OK = 200;
const HTTP_LOGIN = [401, 403];
const HTTP_NOT_FOUND = 404;

const definitions = {
  grafana: setting("GRAFANA_URL", textSetting(addressOf, "an address such as http://127.0.0.1:3000"), {
    doc: "address of a Grafana that runs, such as http://127.0.0.1:3000",
  }),
  browser: setting("CHROMIUM", optional(textSetting(programOf, "a program that can be run")), {
    default: "",
    doc: "path of Chromium or Chrome; empty takes the one on the PATH",
  }),
};

/** Without a slash at its end. */
function addressOf(text: string): string | undefined {
  const isWeb = URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
  return isWeb ? text.replace(/\/+$/, "") : undefined;
}

/** A password in an address would be shown wherever the address is printed. */
function faultsOf({ grafana }: { readonly grafana?: string }): readonly string[] {
  if (grafana === undefined) return [];
  const { username, password } = new URL(grafana);
  return username === "" && password === "" ? [] : ["GRAFANA_URL names a user: expected the address alone"];
}

function programOf(text: string): string | undefined {
  return isProgram(text) ? text : undefined;
}

/** Without the dashboard's refresh: one that asks again and again may never come to rest. */
function viewOf({ uid = "", panels = [] }: Dashboard, grafana: string): DashboardView {
  const ends = panels.map(({ gridPos }) => (gridPos === undefined ? 0 : gridPos.y + gridPos.h));
  return {
    url: `${grafana}/d/${uid}?kiosk&refresh=`,
    panels: panels.filter(({ type }) => type !== "row").length,
    gridRows: Math.max(...ends),
  };
}

/** @throws {Error} no Grafana answers there, it asks for a login, or has no such dashboard */
async function expectDashboard(grafana: string, uid: string): Promise<void> {
  const address = `${grafana}/api/dashboards/uid/${uid}`;
  const { status } = await fetch(address, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS), redirect: "manual" }).catch(
    (cause: Error) => {
      const reason = cause.cause instanceof Error ? cause.cause.message : cause.message;
      throw new Error(`nothing answers at ${grafana} (${reason}): start Grafana, or correct GRAFANA_URL`, { cause });
    },
  );
  if (HTTP_LOGIN.includes(status)) {
    throw new Error(
      `${grafana} shows its login page instead of ${uid}: expected a Grafana that lets visitors look, as that of docker-compose.yml does`,
    );
  }
  if (status === HTTP_NOT_FOUND) {
    throw new Error(`${grafana} has no dashboard ${uid}: expected a Grafana that reads deploy/grafana/dashboards`);
  }
  if (status !== HTTP_OK) throw new Error(`expected ${address} to answer 200, got ${status}: is that a Grafana?`);
}

const command = new Command("screenshots")
  .description("Takes a picture of each dashboard of the Grafana at GRAFANA_URL.")
  .argument("[directory]", "folder that the pictures are written to", "docs");

await runCommand(command, async (environment) => {
  const directory: string = command.processedArgs[0];
  const { grafana, browser: named } = readSettings(definitions, environment, faultsOf);
  const program = named ?? findBrowser(environment.PATH ?? "");
  if (program === undefined) {
    throw new Error("found no Chromium and no Chrome on the PATH: install one, or name its program in CHROMIUM");
  }
  for (const { uid = "" } of dashboards().values()) await expectDashboard(grafana, uid);
  mkdirSync(directory, { recursive: true });
  const browser = await chromium.launch({ executablePath: program });
  try {
    for (const [name, dashboard] of dashboards()) {
      const file = join(directory, name.replace(/\.json$/, ".png"));
      await takePicture(browser, viewOf(dashboard, grafana), file);
      notice(`${dashboard.title}: ${file}`);
    }
  } finally {
    await browser.close();
  }
});
