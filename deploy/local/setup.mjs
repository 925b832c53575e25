/**
 * Does all set-up after a bare `git clone`: npm packages, the native Kafka client, Apache Kafka, the compiled project.
 * Plain JavaScript, since it runs before anything is installed; what is done already is left alone.
 *
 *   node deploy/local/setup.mjs [start | test]
 *
 * With `start` and KAFKA_BROKERS set no Kafka is fetched: the run uses the user's own.
 */
import { closeLog, printFailure, step } from "./setup/console.mjs";
import { fetchKafka, kafkaIsFetched } from "./setup/kafka-jars.mjs";
import { withSetupLock } from "./setup/lock.mjs";
import { installNativeClient, keepBuild, nativeClientLoads } from "./setup/native-client.mjs";
import { compile, installNpmPackages, packagesAreInstalled } from "./setup/packages.mjs";
import { checkTools } from "./setup/tools.mjs";

/** Tests restart brokers, which only a client that was built here outlives for certain. */
const wantsRepair = process.argv[2] === "test";
const wantsKafka = !(process.argv[2] === "start" && (process.env.KAFKA_BROKERS ?? "") !== "");

async function setUp() {
  const [clientLoads] = await Promise.all([
    nativeClientLoads(wantsRepair),
    checkTools({ java: wantsKafka, maven: wantsKafka && !kafkaIsFetched() }),
  ]);
  if (packagesAreInstalled() && clientLoads && (!wantsKafka || kafkaIsFetched())) await compile();
  else await withSetupLock(installEverything);
}

/** What is there is looked at anew: another set-up may have been waited for. */
async function installEverything() {
  console.log("Set-up, for this once:");
  let clientLoads = await nativeClientLoads(wantsRepair);
  if (!packagesAreInstalled()) {
    if (clientLoads) keepBuild();
    await step("npm packages", installNpmPackages);
    clientLoads = false;
  }
  if (!clientLoads) await installNativeClient(wantsRepair);
  if (wantsKafka && !kafkaIsFetched()) await step("Apache Kafka", fetchKafka, { expect: "54 MB" });
  await step("TypeScript", compile);
}

try {
  await setUp();
} catch (error) {
  printFailure(error);
  process.exitCode = 1;
} finally {
  closeLog();
}
