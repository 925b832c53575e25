/** Pictures of the page of the race. */
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { hashOf } from "../page/browser/route.js";

const TIMEOUT_MS = 180_000;

/** A picture of the page: its file, the colours that the visitor likes, and the window. */
interface PageView {
  readonly file: string;
  readonly colorScheme: "light" | "dark";
  readonly width: number;
  readonly height: number;
  readonly scale: number;
}

const PAGE_VIEWS: readonly PageView[] = [
  { file: "page-light.png", colorScheme: "light", width: 1200, height: 630, scale: 1 },
  { file: "page-dark.png", colorScheme: "dark", width: 1200, height: 630, scale: 1 },
  { file: "page-phone.png", colorScheme: "light", width: 375, height: 800, scale: 1.5 },
];

/** What is looked at, and when. */
export interface PageMoment {
  /** Of the page's server. */
  readonly url: string;
  readonly topic: string;
  readonly series: string;
  /** The page is pictured when the newest i has so many digits, 4 for 1000 and later. */
  readonly digits: number;
}

/**
 * Writes the page in each {@link PAGE_VIEWS}.
 * @returns the names of the files
 * @throws {Error} the page does not show the series, or not so many observations within three minutes
 */
export async function takePagePictures(browser: Browser, moment: PageMoment, directory: string): Promise<string[]> {
  for (const view of PAGE_VIEWS) await takeView(browser, moment, view, directory);
  return PAGE_VIEWS.map(({ file }) => file);
}

async function takeView(browser: Browser, moment: PageMoment, view: PageView, directory: string): Promise<void> {
  const { file, colorScheme, width, height, scale } = view;
  const page = await browser.newPage({ viewport: { width, height }, colorScheme, deviceScaleFactor: scale });
  try {
    await openAt(page, moment);
    await page.screenshot({ path: join(directory, file), animations: "disabled" });
  } finally {
    await page.close();
  }
}

async function openAt(page: Page, { url, topic, series, digits }: PageMoment): Promise<void> {
  page.setDefaultTimeout(TIMEOUT_MS);
  await page.goto(`${url}${hashOf({ topic, series })}`);
  await page.getByRole("heading", { level: 1, name: /is champion of/ }).waitFor();
  const newest = page.locator("#newest tbody tr").first().locator("td").first();
  await newest.filter({ hasText: new RegExp(`^\\d{${digits},}$`) }).waitFor({ state: "attached" });
}
