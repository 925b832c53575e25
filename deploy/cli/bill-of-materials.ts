/**
 * The bill of materials (CycloneDX) of what runs, made of what npm says of everything that is locked. Npm's own `--omit dev` leaves out
 * too many: packages that run and that developers' packages need as well. Pure.
 */
import { z } from "zod";

/** Npm's mark of a component that is only built or tested with. */
const FOR_DEVELOPERS = "cdx:npm:package:development";
/** Of a line of dpkg-query, and between its fields. */
const FIELDS = /^(\S+)\t(\S+)\t(\S+)$/;
/** What {@link withSystem} takes: a line a package. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholders
export const DPKG_FORMAT = "${Package}\\t${Version}\\t${Architecture}\\n";

const componentSchema = z.looseObject({
  "bom-ref": z.string(),
  type: z.string(),
  name: z.string(),
  version: z.string(),
  purl: z.string(),
  properties: z.array(z.looseObject({ name: z.string() })).optional(),
});
const billSchema = z.looseObject({
  bomFormat: z.literal("CycloneDX"),
  metadata: z.looseObject({ component: componentSchema }),
  components: z.array(componentSchema),
  dependencies: z.array(z.looseObject({ ref: z.string(), dependsOn: z.array(z.string()).default([]) })),
});
export type Bill = z.infer<typeof billSchema>;

/**
 * Without what only developers need.
 * @param json what `npm sbom --sbom-format cyclonedx` prints
 * @param name of the package: npm takes the folder's
 * @throws {z.ZodError} it is no such bill
 */
export function productionBill(json: string, name: string): Bill {
  const bill = billSchema.parse(JSON.parse(json));
  const components = bill.components.filter(({ properties = [] }) =>
    properties.every((property) => property.name !== FOR_DEVELOPERS),
  );
  const { component } = bill.metadata;
  const kept = new Set([component, ...components].map((of) => of["bom-ref"]));
  const dependencies = bill.dependencies
    .filter(({ ref }) => kept.has(ref))
    .map((of) => ({ ...of, dependsOn: of.dependsOn.filter((ref) => kept.has(ref)) }));
  return { ...bill, metadata: { ...bill.metadata, component: { ...component, name } }, components, dependencies };
}

/**
 * With what else is in the image: Node.js and Debian's packages.
 * @param packages lines of {@link DPKG_FORMAT}
 * @param node     Node.js's version, `24.1.0`
 * @throws {RangeError} a line of another form
 */
export function withSystem(bill: Bill, packages: string, node: string): Bill {
  const debian = packages
    .trimEnd()
    .split("\n")
    .map((line) => {
      const [, name, version, architecture] = FIELDS.exec(line) ?? [];
      if (name === undefined)
        throw new RangeError(`expected a package, its version and its architecture, got "${line}"`);
      const purl = `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${architecture}`;
      return { "bom-ref": purl, type: "library", name, version, purl };
    });
  const purl = `pkg:generic/node@${node}`;
  const runtime = { "bom-ref": purl, type: "platform", name: "node", version: node, purl };
  return { ...bill, components: [...bill.components, runtime, ...debian] };
}
