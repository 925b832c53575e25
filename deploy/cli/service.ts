/**
 * `npm run service -- <name>`: runs one service alone, in this process. Its settings are environment variables.
 * Exit code 2 for a name that no service has; else the service's own.
 */
import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const servicesUrl = new URL("../../services/", import.meta.url);
const mainOf = (name: string) => new URL(`${name}/main.js`, servicesUrl);

const names = readdirSync(fileURLToPath(servicesUrl))
  .filter((name) => existsSync(mainOf(name)))
  .sort();
const [name, ...rest] = process.argv.slice(2);

if (rest.length === 0 && names.includes(name)) {
  await import(mainOf(name).href);
} else {
  const fault = name === undefined ? "no service was named" : `there is no service ${[name, ...rest].join(" ")}`;
  process.stderr.write(`${fault}; npm run service -- <name>, with one of: ${names.join(", ")}\n`);
  process.exitCode = 2;
}
