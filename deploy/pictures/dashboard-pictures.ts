/** Pictures of the dashboards of a Grafana, taken by a browser of this machine. */
import { join } from "node:path";
import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import type { Browser } from "playwright-core";
import { messageOf } from "../../shared/errors.js";
import { dashboards } from "../grafana/dashboards.js";

const ANSWER_TIMEOUT_MS = 20_000;
const HTTP_OK = 200;
const HTTP_LOGIN = [401, 403];
const HTTP_NOT_FOUND = 404;
const WIDTH_PX = 1600;
/** A row of Grafana's grid and the gap below it. */
const GRID_ROW_PX = 38;
/** The dashboard's variables and margins, above and below the grid. */
const FRAME_PX = 160;
const LOADED_TIMEOUT_MS = 120_000;
/** What Grafana marks its panels with, and the line that moves over a panel while its data is on its way. */
const PANEL = '[data-testid^="data-testid Panel header"]';
const LOADING = '[aria-label="Panel loading bar"], [data-testid="data-testid Panel loading bar"]';

/** What is shown of a dashboard. */
export interface DashboardView {
  readonly url: string;
  /** Panels that it has; rows are none. */
  readonly panels: number;
  /** Rows of Grafana's grid that they take. */
  readonly gridRows: number;
}

/** Width and height of a dashboard's picture, in pixels: Grafana loads only what is in sight, so all of it is. */
export function pictureSize({ gridRows }: DashboardView): { readonly width: number; readonly height: number } {
  return { width: WIDTH_PX, height: gridRows * GRID_ROW_PX + FRAME_PX };
}

/**
 * Opens a dashboard, waits until its panels are there and none is loading, and writes the picture.
 * @param file PNG of {@link pictureSize}
 * @throws {Error} it cannot be opened, or is not loaded after two minutes
 */
export async function takePicture(browser: Browser, view: DashboardView, file: string): Promise<void> {
  const page = await browser.newPage({ viewport: pictureSize(view) });
  page.setDefaultTimeout(LOADED_TIMEOUT_MS);
  try {
    await page.goto(view.url);
    await page
      .locator(PANEL)
      .nth(view.panels - 1)
      .waitFor();
    // A panel that has not asked yet shows no bar: first come all answers, then the last panel that draws them.
    await page.waitForLoadState("networkidle");
    await page.locator(LOADING).first().waitFor({ state: "detached" });
    await page.screenshot({ path: file });
  } catch (error) {
    throw new Error(
      `${view.url} with its ${view.panels} panels could not be pictured: ${messageOf(error).split("\n")[0]}`,
      {
        cause: error,
      },
    );
  } finally {
    await page.close();
  }
}

/** @throws {Error} no Grafana answers there, it asks for a login, or lacks a dashboard */
export async function expectDashboards(grafana: string): Promise<void> {
  for (const { uid = "" } of dashboards().values()) await expectDashboard(grafana, uid);
}

/** Takes a picture of each dashboard. @returns the names of the files in `directory` */
export async function takeDashboardPictures(browser: Browser, grafana: string, directory: string): Promise<string[]> {
  const files: string[] = [];
  for (const [name, dashboard] of dashboards()) {
    const file = `dashboard-${name.replace(/\.json$/, ".png")}`;
    await takePicture(browser, viewOf(dashboard, grafana), join(directory, file));
    files.push(file);
  }
  return files;
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
