/** A picture of a dashboard, taken by a browser of this machine. */
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { Browser } from "playwright-core";
import { messageOf } from "../../shared/errors.js";

const PROGRAMS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
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

/**
 * The first program of the usual names on a search path; undefined where there is none.
 * @param path folders as PATH has them
 */
export function findBrowser(path: string): string | undefined {
  const folders = path.split(delimiter).filter((folder) => folder !== "");
  return PROGRAMS.flatMap((program) => folders.map((folder) => join(folder, program))).find(isProgram);
}

/** Whether a file is there that can be run. */
export function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
