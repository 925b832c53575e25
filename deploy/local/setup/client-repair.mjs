/**
 * One repair of librdkafka, made in its source before the Kafka client is built.
 *
 * A broker that comes back tells a consumer who leads each partition now (KIP-951). Where it does not know of some partitions
 * of a topic yet, librdkafka 2.15.1 counts them but does not describe them, then reads their descriptions, which nobody wrote: the
 * process dies of SIGSEGV in rd_kafka_metadata_update_op (confluentinc/librdkafka, issue 5280, open in November 2026). It takes a
 * partition without a leader beside one with a leader: a broker with the only replica restarts, as in a compose file or a test.
 *
 *   node client-repair.mjs <folder of @confluentinc/kafka-javascript>
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";

const SOURCE = join("deps", "librdkafka", "src", "rdkafka_fetcher.c");
/** The end of the loop over the topics of a fetch response, where `changed_partition` are described. */
const LOOP_END = `                                changed_partition++;
                        }
                        changed_topic++;
`;
const REPAIRED_LOOP_END = LOOP_END.replace(
  "changed_topic++;",
  "md->topics[changed_topic].partition_cnt = changed_partition;\n                        changed_topic++;",
);

/**
 * Repairs the source in the package's folder; nothing where that was done.
 * @throws {Error} the source is not the one that needs it
 */
export function repairClientSource(packageFolder) {
  const path = join(packageFolder, SOURCE);
  const source = readFileSync(path, "utf8");
  if (source.includes(REPAIRED_LOOP_END)) return;
  if (source.split(LOOP_END).length !== 2) {
    throw new Error(
      `expected the loop that librdkafka's issue 5280 is about in ${path}, found another text: where the new version has it ` +
        "repaired, this step is not needed any more",
    );
  }
  writeFileSync(path, source.replace(LOOP_END, REPAIRED_LOOP_END));
}

if (argv[1] === fileURLToPath(import.meta.url)) repairClientSource(argv[2]);
