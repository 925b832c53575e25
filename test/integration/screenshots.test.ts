import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { dashboards } from "../../deploy/grafana/dashboards.js";
import { freePort } from "../../deploy/local/free-port.js";
import { findBrowser, launchBrowser } from "../../deploy/pictures/browser.js";
import { type DashboardView, pictureSize, takePicture } from "../../deploy/pictures/dashboard-pictures.js";
import { takenOf } from "../../deploy/pictures/pictures.js";

const command = fileURLToPath(new URL("../../deploy/pictures/screenshots.js", import.meta.url));
const PANELS = 3;
const LOADING_BAR = '<div aria-label="Panel loading bar"></div>';

/** Pages marked up as Grafana marks up a dashboard, each of as many panels as asked for. */
const pages: Readonly<Record<string, (panels: number) => string>> = {
  blank: () => page(panelsOf(PANELS, "white", "")),
  loaded: (panels) => page(panelsOf(panels, "green", "")),
  // The panels come late, ask late, and draw what they got later still.
  loading: (panels) =>
    page(`<script>
      const frames = (count, then) => (count === 0 ? then() : requestAnimationFrame(() => frames(count - 1, then)));
      const ask = (count, then) => (count === 0 ? then() : fetch("/query").then(() => ask(count - 1, then)));
      const show = (html) => { document.body.innerHTML = html; };
      const draw = () => show(${JSON.stringify(panelsOf(panels, "green", ""))});
      const load = () => { show(${JSON.stringify(panelsOf(panels, "red", LOADING_BAR))}); ask(1, () => frames(60, draw)); };
      ask(1, () => { show(${JSON.stringify(panelsOf(panels, "red", ""))}); ask(100, load); });
    </script>`),
};

function page(body: string): string {
  return `<!doctype html><style>body { margin: 0 } section { height: 38px; margin-bottom: 8px }</style><body>${body}</body>`;
}

function panelsOf(count: number, colour: string, inside: string): string {
  return Array.from(
    { length: count },
    (_, k) => `<section data-testid="data-testid Panel header p${k}" style="background: ${colour}">${inside}</section>`,
  ).join("");
}

describe("npm run screenshots", function () {
  this.timeout(180_000);
  const directory = mkdtempSync(join(tmpdir(), "regatta-screenshots-"));
  let status = 200;
  let url: string;
  const served = (request: IncomingMessage, response: ServerResponse) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", url);
    const shown = pages[pathname.startsWith("/d/") ? "loading" : pathname.slice(1)];
    response.writeHead(pathname.startsWith("/api/") ? status : 200, { "content-type": "text/html" });
    response.end(shown?.(Number(searchParams.get("panels") ?? 100)));
  };
  const server = createServer(served);

  before(async () => {
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
  });
  after(() => {
    server.closeAllConnections();
    server.close();
    rmSync(directory, { recursive: true });
  });
  afterEach(() => {
    status = 200;
  });

  /** The end of the command in this environment, with a program for a browser that is none. */
  async function run(environment: Readonly<Record<string, string>>, what = ["dashboards"]) {
    const child = spawn(process.execPath, [command, ...what, "--directory", join(directory, "pictures")], {
      env: { CHROMIUM: process.execPath, ...environment },
      stdio: ["ignore", "ignore", "pipe"],
    });
    const [told] = await Promise.all([text(child.stderr), once(child, "exit")]);
    return { code: child.exitCode, told };
  }

  it("says what is missing: the address, a Grafana there, its dashboards, leave to look at them, a browser", async () => {
    assert.deepEqual(await run({}), {
      code: 78,
      told: "1 setting is wrong:\n  GRAFANA_URL is not set: address of a Grafana that runs, such as http://127.0.0.1:3000\n",
    });
    const nobody = `http://127.0.0.1:${await freePort()}`;
    assert.match((await run({ GRAFANA_URL: nobody })).told, /^nothing answers at http:\S+ \(connect ECONNREFUSED/);
    for (const [answer, expected] of [
      [404, /has no dashboard regatta-race: expected a Grafana that reads/],
      [401, /shows its login page instead of regatta-race: /],
      [302, /to answer 200, got 302: is that a Grafana\?/],
    ] as const) {
      status = answer;
      const { code, told } = await run({ GRAFANA_URL: `${url}/` });
      assert.equal(code, 1);
      assert.match(told, expected);
    }
    status = 200;
    assert.match((await run({ GRAFANA_URL: url, CHROMIUM: directory })).told, /expected a program that can be run/);
    const { code, told } = await run({ GRAFANA_URL: url, CHROMIUM: "", PATH: directory });
    assert.equal(code, 1);
    assert.match(told, /^found no Chromium and no Chrome on the PATH/);
  });

  it("shows no password of the address", async () => {
    const { code, told } = await run({ GRAFANA_URL: url.replace("//", "//someone:secret@") });
    assert.equal(code, 78);
    assert.match(told, /GRAFANA_URL names a user: expected the address alone/);
    assert.doesNotMatch(told, /secret/);
  });

  describe("with a browser", () => {
    let browser: Browser | undefined;
    const program = process.env.CHROMIUM ?? findBrowser(process.env.PATH ?? "");

    before(async function () {
      if (program === undefined) {
        console.log("      Skipped: there is no Chromium and no Chrome on the PATH. No picture was taken.");
        this.skip();
      }
      browser = await launchBrowser(program);
    });
    after(async () => {
      await browser?.close();
    });

    async function pictureOf(name: string): Promise<Buffer> {
      assert.ok(browser);
      const view: DashboardView = { url: `${url}/${name}?panels=${PANELS}`, panels: PANELS, gridRows: 10 };
      const file = join(directory, `${name}.png`);
      await takePicture(browser, view, file);
      assert.deepEqual(sizeOf(readFileSync(file)), pictureSize(view));
      return readFileSync(file);
    }

    it("pictures panels that have their data, and not before", async () => {
      const loaded = await pictureOf("loaded");
      assert.notDeepEqual(loaded, await pictureOf("blank"));
      assert.deepEqual(await pictureOf("loading"), loaded);
    });

    it("writes one picture of each dashboard", async () => {
      const { code, told } = await run({ GRAFANA_URL: url, CHROMIUM: program ?? "", PATH: process.env.PATH ?? "" });
      assert.equal(code, 0, told);
      const pictures = join(directory, "pictures");
      assert.deepEqual(readdirSync(pictures).sort(), ["dashboard-pipeline.png", "dashboard-race.png", "pictures.json"]);
      const files = Object.keys(takenOf(pictures));
      assert.deepEqual(files, ["dashboard-pipeline.png", "dashboard-race.png"]);
      assert.equal(dashboards().size, 2);
      for (const file of files) assert.equal(sizeOf(readFileSync(join(pictures, file))).width, 1600);
    });
  });
});

/** As the header of a PNG has it. */
function sizeOf(png: Buffer): { width: number; height: number } {
  assert.equal(png.toString("latin1", 1, 4), "PNG");
  return { width: png.readUInt32BE(16), height: png.readUInt32BE(20) };
}
