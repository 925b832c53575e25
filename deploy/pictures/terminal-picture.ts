/** A picture of a terminal: what a program has written to it, drawn by xterm.js in a browser. */
import { createRequire } from "node:module";
import type { Browser } from "playwright-core";

const { resolve } = createRequire(import.meta.url);
const SCRIPT = resolve("@xterm/xterm/lib/xterm.js");
const STYLE = resolve("@xterm/xterm/css/xterm.css");

const FONT = "'DejaVu Sans Mono', monospace";
const FONT_PX = 14;
const MARGIN_PX = 12;
const SCALE = 1.25;
const THEME = { background: "#15191f", foreground: "#d8dee6" };

/** In characters. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/**
 * Writes the picture of a terminal's screen.
 * @param written all that was written to it, control sequences included
 * @param file    PNG
 */
export async function takeTerminalPicture(
  browser: Browser,
  written: string,
  { columns, rows }: TerminalSize,
  file: string,
): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 2000, height: 1200 }, deviceScaleFactor: SCALE });
  try {
    await page.setContent('<!doctype html><div id="terminal"></div>');
    await page.addStyleTag({ path: STYLE });
    await page.addStyleTag({
      content: `#terminal { display: inline-block; padding: ${MARGIN_PX}px; background: ${THEME.background} }
        .xterm .scrollbar { display: none } .xterm .xterm-viewport { background: none !important }`,
    });
    await page.addScriptTag({ path: SCRIPT });
    const options = { cols: columns, rows, fontFamily: FONT, fontSize: FONT_PX, theme: THEME, scrollback: 0 };
    await page.evaluate(`(async () => {
      const terminal = new Terminal(${JSON.stringify(options)});
      terminal.open(document.querySelector("#terminal"));
      await new Promise((done) => terminal.write(${JSON.stringify(written)}, done));
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    })()`);
    await page.locator("#terminal").screenshot({ path: file });
  } finally {
    await page.close();
  }
}
