/**
 * What is added to the sources of the Kafka client 1.10.1 and its librdkafka 2.15.1 before they are built: the calls of client-batch.cc,
 * and what they need. Of the form of the repairs in client-repair.mjs: a text of a file, and what stands in its place.
 */

/** Of librdkafka's sources in the package. */
export const LIBRDKAFKA = "deps/librdkafka/src";

/**
 * Headers that several records share. A result's headers are those of the result before it, nearly always, and librdkafka makes a list of
 * them for each: three pieces of memory that its thread gives back, a fifth of all that rls-racer does. Now a list counts who has it.
 * What is sent is only ever read.
 */
const sharedHeaders = [
  {
    issue: "rd_kafka_headers_keep",
    file: `${LIBRDKAFKA}/rdkafka.h`,
    text: `RD_EXPORT void rd_kafka_headers_destroy(rd_kafka_headers_t *hdrs);
`,
    repaired: `RD_EXPORT void rd_kafka_headers_destroy(rd_kafka_headers_t *hdrs);

/**
 * @brief Share the headers list: it must not be changed any more, and lives
 *        until it was destroyed once more often.
 */
RD_EXPORT rd_kafka_headers_t *rd_kafka_headers_keep(rd_kafka_headers_t *hdrs);
`,
  },
  {
    issue: "rd_kafka_headers_keep",
    file: `${LIBRDKAFKA}/rdkafka_header.h`,
    text: `        size_t rkhdrs_ser_size; /**< Total serialized size of headers */
`,
    repaired: `        size_t rkhdrs_ser_size; /**< Total serialized size of headers */
        rd_atomic32_t rkhdrs_others; /**< Who share it, beside one */
`,
  },
  {
    issue: "rd_kafka_headers_keep",
    file: `${LIBRDKAFKA}/rdkafka_header.c`,
    text: `void rd_kafka_headers_destroy(rd_kafka_headers_t *hdrs) {
`,
    repaired: `rd_kafka_headers_t *rd_kafka_headers_keep(rd_kafka_headers_t *hdrs) {
        rd_atomic32_add(&hdrs->rkhdrs_others, 1);
        return hdrs;
}

void rd_kafka_headers_destroy(rd_kafka_headers_t *hdrs) {
        if (rd_atomic32_sub(&hdrs->rkhdrs_others, 1) >= 0)
                return;
`,
  },
  {
    issue: "rd_kafka_headers_keep",
    file: `${LIBRDKAFKA}/rdkafka_header.c`,
    text: `        hdrs->rkhdrs_ser_size = 0;

`,
    repaired: `        hdrs->rkhdrs_ser_size = 0;
        rd_atomic32_init(&hdrs->rkhdrs_others, 0);

`,
  },
  {
    issue: "rd_kafka_headers_keep",
    file: `${LIBRDKAFKA}/rdkafka_header.c`,
    text: `        dst->rkhdrs_ser_size = 0; /* Updated by header_copy() */
`,
    repaired: `        dst->rkhdrs_ser_size = 0; /* Updated by header_copy() */
        rd_atomic32_init(&dst->rkhdrs_others, 0);
`,
  },
];

/**
 * Where client-batch.cc is compiled: its place in the package, and what names its two calls there. How librdkafka is compiled. And the
 * mark of a client that may be asked for groups, see shared/kafka/group-description.ts.
 */
export const additions = [
  ...sharedHeaders,
  {
    issue: "tellsGroupErrors",
    file: "src/admin.cc",
    text: `  Nan::SetPrototypeMethod(tpl, "describeGroups", NodeDescribeGroups);\n`,
    repaired: `  Nan::SetPrototypeMethod(tpl, "describeGroups", NodeDescribeGroups);
  Nan::SetPrototypeTemplate(tpl, "tellsGroupErrors", Nan::True());
`,
  },
  {
    // As many compilers as files, 70 of them, take 3 GB at once and leave nothing to whatever else runs.
    issue: "the number of compilers",
    file: "deps/librdkafka.gyp",
    text: `"make", "-j", "-C"`,
    repaired: `"make", "-j4", "-C"`,
  },
  {
    issue: "sources",
    file: "binding.gyp",
    text: "        'src/admin.cc'\n",
    repaired: "        'src/admin.cc',\n        'src/batch.cc'\n",
  },
  {
    issue: "consumeBatch",
    file: "src/kafka-consumer.h",
    text: "#include <iostream>\n#include <string>\n",
    repaired: "#include <iostream>\n#include <mutex>\n#include <string>\n",
  },
  {
    issue: "consumeBatch",
    file: "src/kafka-consumer.h",
    text: "  Baton Consume(int timeout_ms);\n",
    repaired: `  Baton Consume(int timeout_ms);
  RdKafka::ErrorCode ConsumeBatch(int timeout_ms, size_t max, size_t bytes_max, std::vector<rd_kafka_message_t*> *messages);
`,
  },
  {
    issue: "consumeBatch",
    file: "src/kafka-consumer.h",
    text: "  static NAN_METHOD(NodeConsume);\n",
    repaired: `  static NAN_METHOD(NodeConsume);
  static NAN_METHOD(NodeConsumeBatch);

  std::mutex m_batch_errors_lock;
  std::vector<RdKafka::ErrorCode> m_batch_errors;
`,
  },
  {
    issue: "consumeBatch",
    file: "src/kafka-consumer.cc",
    text: `  Nan::SetPrototypeMethod(tpl, "consume", NodeConsume);\n`,
    repaired: `  Nan::SetPrototypeMethod(tpl, "consume", NodeConsume);
  Nan::SetPrototypeMethod(tpl, "consumeBatch", NodeConsumeBatch);
`,
  },
  {
    issue: "produceBatch",
    file: "src/producer.h",
    text: "  static NAN_METHOD(NodeProduce);\n",
    repaired: "  static NAN_METHOD(NodeProduce);\n  static NAN_METHOD(NodeProduceBatch);\n",
  },
  {
    issue: "produceBatch",
    file: "src/producer.cc",
    text: `  Nan::SetPrototypeMethod(tpl, "produce", NodeProduce);\n`,
    repaired: `  Nan::SetPrototypeMethod(tpl, "produce", NodeProduce);
  Nan::SetPrototypeMethod(tpl, "produceBatch", NodeProduceBatch);
`,
  },
];
