import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { posix } from "node:path";
import { z } from "zod";
import { productionBill, withSystem } from "../../deploy/cli/bill-of-materials.js";
import { root } from "../support/structure/imports.js";

/**
 * Licences that code may have which runs with the product: each lets it be used and given on under any terms, with its own text
 * beside it.
 */
const ALLOWED = new Set([
  ...["Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BlueOak-1.0.0", "ISC", "MIT", "0BSD", "Unlicense"],
  ...["CC0-1.0", "Python-2.0"],
]);
/** Of what is only built or tested with; none of it is given on. */
const ALLOWED_FOR_DEVELOPERS = new Set([...ALLOWED, "MPL-2.0", "PSF-2.0"]);
/** Name their licence, MIT, in a form of old that npm does not read; Docker's client for tests brings them. */
const OLD_FORM = new Set(["node_modules/buildcheck", "node_modules/cpu-features", "node_modules/ssh2"]);

const packageSchema = z.object({
  version: z.string().optional(),
  resolved: z.string().optional(),
  integrity: z.string().optional(),
  license: z.string().optional(),
  dev: z.boolean().default(false),
  devOptional: z.boolean().default(false),
  link: z.boolean().default(false),
  hasInstallScript: z.boolean().default(false),
});
const { packages } = z
  .object({ packages: z.record(z.string(), packageSchema) })
  .parse(JSON.parse(readFileSync(posix.join(root, "package-lock.json"), "utf8")));
const { "": own, ...locked } = packages;

describe("what the project is made of", () => {
  const isForDevelopers = (name: string) => locked[name].dev || locked[name].devOptional;
  const production = Object.keys(locked).filter((name) => !isForDevelopers(name));

  it("is the bytes that were locked: every package has a checksum and comes from a registry", () => {
    assert.ok(production.length > 50 && own !== undefined);
    for (const [name, { integrity, resolved }] of Object.entries(locked)) {
      assert.match(integrity ?? "", /^sha512-/, name);
      assert.match(resolved ?? "https://", /^https:\/\//, name);
    }
  });

  it("has licences that allow to use it and to give it on", () => {
    const refused = Object.keys(locked).filter((name) => {
      if (OLD_FORM.has(name)) return !isForDevelopers(name);
      const allowed = isForDevelopers(name) ? ALLOWED_FOR_DEVELOPERS : ALLOWED;
      return !isAllowed(locked[name].license ?? "none", allowed);
    });
    assert.deepEqual(
      refused.map((name) => `${name}: ${locked[name].license}`),
      [],
    );
  });

  it("runs no program of a package at its installation, wherever it is installed", () => {
    const installs = ["deploy/Dockerfile", "deploy/local/setup/packages.mjs"].flatMap((path) =>
      [...readFileSync(posix.join(root, path), "utf8").matchAll(/^.*(?:RUN npm |"npm", \[")ci\b.*$/gm)].map(
        ([line]) => line,
      ),
    );
    assert.equal(installs.length, 3);
    for (const line of installs) assert.match(line, /--ignore-scripts/);
  });

  it("is told by npm run sbom: every package that runs, its version, its checksum, and none besides", () => {
    const { bomFormat, metadata, components, dependencies } = billSchema.parse(JSON.parse(sbom()));
    assert.deepEqual(
      [bomFormat, metadata.component.name, metadata.component.version],
      ["CycloneDX", "regatta", own.version],
    );
    const purlOf = (path: string) => {
      const name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
      return `pkg:npm/${name.replace("@", "%40")}@${locked[path].version}`;
    };
    const told = components.map(({ purl }) => purl);
    assert.deepEqual(told.sort(), [...new Set(production.map(purlOf))].sort());
    for (const { purl, hashes } of components) assert.ok(hashes.length > 0, purl);
    const refs = new Set([metadata.component, ...components].map((of) => of["bom-ref"]));
    for (const ref of dependencies.flatMap((of) => [of.ref, ...of.dependsOn])) assert.ok(refs.has(ref), ref);
  });

  it("is told with Node.js and Debian's packages where an image is named", () => {
    const bill = productionBill(sbom(), "regatta");
    const { components } = withSystem(
      bill,
      "libstdc++6\t12.2.0-14+deb12u1\tamd64\nzlib1g\t1:1.2.13\tamd64\n",
      "24.1.0",
    );
    assert.deepEqual(
      components.slice(bill.components.length).map(({ purl }) => purl),
      [
        "pkg:generic/node@24.1.0",
        "pkg:deb/debian/libstdc%2B%2B6@12.2.0-14%2Bdeb12u1?arch=amd64",
        "pkg:deb/debian/zlib1g@1%3A1.2.13?arch=amd64",
      ],
    );
    assert.throws(() => withSystem(bill, "no package", "24.1.0"), /got "no package"/);
  });
});

const sbom = () =>
  execFileSync(process.execPath, ["dist/deploy/cli/sbom.js"], { cwd: root, encoding: "utf8", maxBuffer: 2 ** 26 });
const componentSchema = z.object({
  "bom-ref": z.string(),
  name: z.string(),
  version: z.string(),
  purl: z.string(),
  hashes: z.array(z.object({ alg: z.string(), content: z.string() })).default([]),
});
const billSchema = z.object({
  bomFormat: z.string(),
  metadata: z.object({ component: componentSchema }),
  components: z.array(componentSchema),
  dependencies: z.array(z.object({ ref: z.string(), dependsOn: z.array(z.string()) })),
});

/** An expression of SPDX: of alternatives one is enough, of parts that hold together all are needed. */
function isAllowed(expression: string, allowed: ReadonlySet<string>): boolean {
  const alternatives = expression.replaceAll(/[()]/g, "").split(" OR ");
  return alternatives.some((alternative) => alternative.split(" AND ").every((part) => allowed.has(part.trim())));
}
