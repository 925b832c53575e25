/** The page of the race in a headless Chromium, which is watched: what it asks for, and what it complains of. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Browser, Page } from "playwright-core";
import { findBrowser, launchBrowser } from "../../deploy/pictures/browser.js";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** A Chromium of this machine; undefined where there is none. */
export async function openBrowser(): Promise<Browser | undefined> {
  const program = process.env.CHROMIUM ?? findBrowser(process.env.PATH ?? "");
  return program === undefined ? undefined : launchBrowser(program);
}

export interface WatchedPage {
  readonly page: Page;
  /** Addresses of all that it asked for. */
  readonly requests: string[];
  /** Errors and warnings of its console, refusals of its policy, errors that nobody caught. */
  readonly complaints: string[];
}

/** A page that is watched from its first request on. */
export async function watchedPage(browser: Browser, width = 1280): Promise<WatchedPage> {
  const page = await browser.newPage({ viewport: { width, height: 900 } });
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on("request", (request) => requests.push(request.url()));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  return { page, requests, complaints };
}

/** What axe finds serious or critical, a line each. */
export async function seriousFaults(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  const violations = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: {
        run(): Promise<{
          violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[];
        }>;
      };
    };
    return (await axe.run()).violations;
  });
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`));
}
