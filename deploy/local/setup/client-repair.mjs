/**
 * Repairs of the Kafka client 1.10.1 and its librdkafka 2.15.1, made in their sources before they are built: each is of a fault that
 * is open in November 2026. And what client-additions.mjs adds: two calls of the client itself, see client-batch.cc.
 *
 *   node client-repair.mjs <folder of @confluentinc/kafka-javascript>
 */
import { createHash } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";
import { additions, LIBRDKAFKA } from "./client-additions.mjs";

/**
 * An idempotent producer has one ProduceRequest of a partition under way at a time: its limit of five counts messages. While it waits
 * for the answer, and messages behind it have passed linger.ms, the broker thread's next wake-up is now: it polls without a pause
 * until the answer comes. Where brokers answer slowly that takes a third of a core, 17 CPU s a million records of rls-racer. Now it
 * sets no such wake-up: the answer itself wakes the thread, and it looks once a second in any case.
 */
const busyWait = [
  {
    issue: "confluentinc/librdkafka, issues 3692 and 2565",
    file: `${LIBRDKAFKA}/rdkafka_broker.c`,
    text: `/**
 * @brief Serve a toppar for producing.
`,
    repaired: `/**
 * @returns true if nothing more of an idempotent producer's partition may be
 *          sent before an answer comes: there is no use in waking up for it.
 */
static RD_INLINE rd_bool_t
rd_kafka_toppar_inflight_full(rd_kafka_broker_t *rkb, rd_kafka_toppar_t *rktp) {
        return rd_kafka_is_idempotent(rkb->rkb_rk) &&
               rd_atomic32_get(&rktp->rktp_msgs_inflight) >=
                   RD_KAFKA_IDEMP_MAX_INFLIGHT;
}

/**
 * @brief Serve a toppar for producing.
`,
  },
  {
    issue: "confluentinc/librdkafka, issues 3692 and 2565",
    file: `${LIBRDKAFKA}/rdkafka_broker.c`,
    text: `                    rkb->rkb_state == RD_KAFKA_BROKER_STATE_UP ? next_wakeup
                                                               : NULL,
`,
    repaired: `                    rkb->rkb_state == RD_KAFKA_BROKER_STATE_UP &&
                            !rd_kafka_toppar_inflight_full(rkb, rktp)
                        ? next_wakeup
                        : NULL,
`,
  },
  {
    issue: "confluentinc/librdkafka, issues 3692 and 2565",
    file: `${LIBRDKAFKA}/rdkafka_broker.c`,
    text: `                    &rktp->rktp_msgq, &rktp->rktp_xmit_msgq, next_wakeup, now,
`,
    repaired: `                    &rktp->rktp_msgq, &rktp->rktp_xmit_msgq,
                    rd_kafka_toppar_inflight_full(rkb, rktp) ? NULL
                                                             : next_wakeup,
                    now,
`,
  },
];

const repairs = [
  {
    // A broker that comes back tells a consumer who leads each partition now (KIP-951). Where it does not know of some partitions
    // of a topic yet, they are counted but not described, and then their descriptions are read, which nobody wrote: the process
    // dies of SIGSEGV in rd_kafka_metadata_update_op. It takes a partition without a leader beside one with a leader: a broker with
    // the only replica restarts, as in a compose file or a test.
    issue: "confluentinc/librdkafka, issue 5280",
    file: `${LIBRDKAFKA}/rdkafka_fetcher.c`,
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
    file: `${LIBRDKAFKA}/rdkafka_metadata.c`,
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
    file: `${LIBRDKAFKA}/rdkafka.c`,
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
    file: `${LIBRDKAFKA}/rdkafka.c`,
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
    file: `${LIBRDKAFKA}/rdkafka_coord.c`,
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
  {
    // Whoever asks for a group's positions without being a member, and whose broker says that it is not the coordinator any more, has
    // no group of its own to tell that to: the process dies of SIGSEGV in rd_kafka_cgrp_op. Now it sees the error.
    issue: "confluentinc/librdkafka, issue 5040",
    file: `${LIBRDKAFKA}/rdkafka_request.c`,
    text: `        if (actions & RD_KAFKA_ERR_ACTION_REFRESH) {
                /* Re-query for coordinator */
                rd_kafka_cgrp_op(rkb->rkb_rk->rk_cgrp, NULL, RD_KAFKA_NO_REPLYQ,
`,
    repaired: `        if (actions & RD_KAFKA_ERR_ACTION_REFRESH && rkb->rkb_rk->rk_cgrp) {
                /* Re-query for coordinator */
                rd_kafka_cgrp_op(rkb->rkb_rk->rk_cgrp, NULL, RD_KAFKA_NO_REPLYQ,
`,
  },
  // A group that could not be described, for want of a right or of a broker that answers, has no assignor but a null pointer. The
  // client makes a string of it: the process dies of SIGSEGV. Now it sees the error.
  ...["protocol", "partitionAssignor"].map((name) => ({
    issue: "confluentinc/confluent-kafka-javascript, issue 531",
    file: "src/common.cc",
    text: `Nan::New("${name}").ToLocalChecked(),
           Nan::New<v8::String>(
               rd_kafka_ConsumerGroupDescription_partition_assignor(desc))
`,
    repaired: `Nan::New("${name}").ToLocalChecked(),
           Nan::New<v8::String>(
               rd_kafka_ConsumerGroupDescription_partition_assignor(desc)
                   ? rd_kafka_ConsumerGroupDescription_partition_assignor(desc)
                   : "")
`,
  })),
  ...busyWait,
];

/** The source of both calls. It lies beside this file. */
const BATCH = readFileSync(join(dirname(fileURLToPath(import.meta.url)), "client-batch.cc"), "utf8");

/** Tells a build with these changes from one with others. */
export const REPAIRS = createHash("sha256")
  .update(JSON.stringify([...repairs, ...additions]))
  .update(BATCH)
  .digest("hex")
  .slice(0, 8);

/**
 * Changes the sources in the package's folder; leaves those that are changed.
 * @throws {Error} a source is not the one that needs it
 */
export function repairClientSource(packageFolder) {
  replaceFile(join(packageFolder, "src", "batch.cc"), BATCH);
  for (const { issue, file, text, repaired } of [...repairs, ...additions]) {
    const path = join(packageFolder, file);
    const source = readFileSync(path, "utf8");
    if (source.includes(repaired)) continue;
    if (source.split(text).length !== 2) {
      throw new Error(
        `expected the text that ${issue} is about in ${path}, found another: where the new version has it repaired, this step is ` +
          "not needed any more",
      );
    }
    replaceFile(
      path,
      source.replace(text, () => repaired),
    );
  }
}

/** A file of its own, whatever else links to the old one: node_modules may be made of hard links. */
function replaceFile(path, text) {
  rmSync(path, { force: true });
  writeFileSync(path, text);
}

if (argv[1] === fileURLToPath(import.meta.url)) repairClientSource(argv[2]);
