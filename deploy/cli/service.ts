/** `npm run service -- <name>`: one service alone in this process; its settings are environment variables. */
const SERVICES = ["producer", "deserializer", "stateful-estimator", "rls-racer", "ml-racer"];

const name = process.argv[2];
if (name === undefined || !SERVICES.includes(name) || process.argv.length > 3) {
  process.stderr.write(
    `expected the name of one service, got "${process.argv.slice(2).join(" ")}": ${SERVICES.join(", ")}\n`,
  );
  process.exit(2);
}
await import(`../../services/${name}/main.js`);
