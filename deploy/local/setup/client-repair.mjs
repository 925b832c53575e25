/**
 * Repairs of librdkafka 2.15.1, made in its source before the Kafka client is built. Each is of a fault that is open in November 2026.
 *
 *   node client-repair.mjs <folder of @confluentinc/kafka-javascript>
 */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";

const repairs = [
  {
    // A broker that comes back tells a consumer who leads each partition now (KIP-951). Where it does not know of some partitions
    // of a topic yet, they are counted but not described, and then their descriptions are read, which nobody wrote: the process
    // dies of SIGSEGV in rd_kafka_metadata_update_op. It takes a partition without a leader beside one with a leader: a broker with
    // the only replica restarts, as in a compose file or a test.
    issue: "confluentinc/librdkafka, issue 5280",
    file: "rdkafka_fetcher.c",
    text: `                                changed_partition++;
                        }
                        changed_topic++;
`,
    repaired: `                                changed_partition++;
                        }
                        md->topics[changed_topic].partition_cnt = changed_partition;
                        changed_topic++;
`,
  },
  {
    // A broker that has just started, or that its controller takes for dead, answers that the cluster has no brokers. The client
    // then parts with every broker that it knows, and of a cluster whose brokers restart in turn it may never find one again.
    // Java's client takes no notice of such an answer (NetworkClient.handleCompletedMetadataResponse), nor does this one now.
    issue: "confluentinc/librdkafka, issue 5301",
    file: "rdkafka_metadata.c",
    text: `        rd_list_t brokers_to_decommission;
        int i;

        rd_kafka_wrlock(rk);
`,
    repaired: `        rd_list_t brokers_to_decommission;
        int i;

        if (md->broker_cnt == 0)
                return;

        rd_kafka_wrlock(rk);
`,
  },
  {
    // An answer that comes just after the last connection broke calls the return to the bootstrap servers off, but leaves it
    // marked as under way: there is never another, and the client stays without a broker for ever.
    issue: "confluentinc/librdkafka, issue 5301 and pull request 5606",
    file: "rdkafka.c",
    text: `        return rd_kafka_timer_stop(&rk->rk_timers, &rk->rebootstrap_tmr,
`,
    repaired: `        if (rd_atomic32_get(&rk->rk_rebootstrap_in_progress))
                return 0;

        return rd_kafka_timer_stop(&rk->rk_timers, &rk->rebootstrap_tmr,
`,
  },
  {
    // A request to a group's coordinator waits for its broker's connection. Where that broker is parted with meanwhile, because a
    // broker that has just started does not name it, nothing ever wakes the request up again: sendOffsetsToTransaction does not
    // return. Now all such requests are looked at once a second.
    issue: "confluentinc/librdkafka, issues 5511 and 5456",
    file: "rdkafka.c",
    text: `        rd_kafka_coord_cache_expire(&rk->rk_coord_cache);
}
`,
    repaired: `        rd_kafka_coord_cache_expire(&rk->rk_coord_cache);
        if (rk->rk_internal_rkb)
                rd_kafka_coord_rkb_monitor_cb(rk->rk_internal_rkb);
}
`,
  },
  {
    // Such a request has a timeout that nobody looks at: while the broker is away sendOffsetsToTransaction does not return, however
    // long that lasts. Now it fails when its time is over, and the transaction is aborted.
    issue: "confluentinc/librdkafka, issues 5511 and 5456",
    file: "rdkafka_coord.c",
    text: `        /* Check cache first */
        rkb = rd_kafka_coord_cache_get(
`,
    repaired: `        if (rd_timeout_expired(rd_timeout_remains(creq->creq_ts_timeout))) {
                rd_kafka_coord_req_fail(rk, creq, RD_KAFKA_RESP_ERR__TIMED_OUT);
                return;
        }

        /* Check cache first */
        rkb = rd_kafka_coord_cache_get(
`,
  },
];

/** Tells a build with these repairs from one with others. */
export const REPAIRS = createHash("sha256").update(JSON.stringify(repairs)).digest("hex").slice(0, 8);

/**
 * Repairs the sources in the package's folder; leaves those that are repaired.
 * @throws {Error} a source is not the one that needs it
 */
export function repairClientSource(packageFolder) {
  for (const { issue, file, text, repaired } of repairs) {
    const path = join(packageFolder, "deps", "librdkafka", "src", file);
    const source = readFileSync(path, "utf8");
    if (source.includes(repaired)) continue;
    if (source.split(text).length !== 2) {
      throw new Error(
        `expected the text that ${issue} is about in ${path}, found another: where the new version has it repaired, this step is ` +
          "not needed any more",
      );
    }
    writeFileSync(path, source.replace(text, repaired));
  }
}

if (argv[1] === fileURLToPath(import.meta.url)) repairClientSource(argv[2]);
