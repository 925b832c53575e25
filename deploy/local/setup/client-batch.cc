/**
 * Two calls that are added to the native half of @confluentinc/kafka-javascript 1.10.1 before it is built: a batch of records as one
 * block of bytes and one table of doubles, in and out. With an object, two buffers and a dozen properties for each record, the way
 * between librdkafka and JavaScript costs more than anything that a service does with most records.
 *
 * Rows of both tables are 8 doubles, see shared/kafka/record-batch.ts:
 *   topic (its place in the list of names) · partition · offset · timestamp · key at · key length or -1 · value at · value length or -1
 * A header is a row of 5 doubles in a table of its own, in the order of the records:
 *   record · name at · name length · value at · value length or -1
 *
 * Every place that comes from JavaScript is checked against the block before anything is read from there; every place that is
 * written to was counted before.
 */
#include <nan.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "src/kafka-consumer.h"
#include "src/producer.h"
#include "src/workers.h"

namespace NodeKafka {

namespace {

const size_t kRow = 8;
const size_t kHeaderRow = 5;
const size_t kRecordsMax = 100000;
/** Errors that wait to be told; more of them would say the same. */
const size_t kErrorsMax = 16;
/** Each further question asks for at most so many times as many messages as are there. */
const size_t kGrowth = 4;

/** The headers of a message, nullptr where it has none that can be read. */
rd_kafka_headers_t *HeadersOf(const rd_kafka_message_t *message) {
  rd_kafka_headers_t *headers = nullptr;
  if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return nullptr;
  return headers;
}

/** Bytes of a message in the block: key, value, names and values of its headers. */
size_t BytesOf(const rd_kafka_message_t *message) {
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) return 0;
  size_t bytes = (message->key ? message->key_len : 0) + (message->payload ? message->len : 0);
  rd_kafka_headers_t *headers = HeadersOf(message);
  const char *name;
  const void *value;
  size_t length;
  for (size_t k = 0; headers && !rd_kafka_header_get_all(headers, k, &name, &value, &length); k++)
    bytes += strlen(name) + (value ? length : 0);
  return bytes;
}

/** Memory of a view that stays where it is, whatever becomes of the view: a thread writes to it. */
struct Lent {
  std::shared_ptr<v8::BackingStore> store;
  char *data = nullptr;
  size_t length = 0;

  explicit Lent(v8::Local<v8::ArrayBufferView> view) {
    store = view->Buffer()->GetBackingStore();
    data = static_cast<char *>(store->Data()) + view->ByteOffset();
    length = view->ByteLength();
  }
};

/** A new Float64Array with these numbers. */
v8::Local<v8::Value> Doubles(const std::vector<double> &numbers) {
  const size_t bytes = numbers.size() * sizeof(double);
  v8::Local<v8::ArrayBuffer> buffer = v8::ArrayBuffer::New(v8::Isolate::GetCurrent(), bytes);
  if (bytes > 0) memcpy(buffer->GetBackingStore()->Data(), numbers.data(), bytes);
  return v8::Float64Array::New(buffer, 0, numbers.size());
}

class ConsumeBatchWorker : public Workers::ErrorAwareWorker {
 public:
  ConsumeBatchWorker(Nan::Callback *callback, KafkaConsumer *consumer, int timeout_ms, size_t max, const Lent &bytes,
                     const Lent &rows)
      : ErrorAwareWorker(callback), m_consumer(consumer), m_timeout_ms(timeout_ms), m_max(max), m_bytes(bytes), m_rows(rows) {}

  void Execute() {
    std::vector<rd_kafka_message_t *> messages;
    RdKafka::ErrorCode error = m_consumer->ConsumeBatch(m_timeout_ms, m_max, m_bytes.length, &messages);
    if (error != RdKafka::ERR_NO_ERROR) {
      SetErrorBaton(Baton(error));
      return;
    }
    size_t length = 0;
    for (rd_kafka_message_t *message : messages) length += BytesOf(message);
    char *block = m_bytes.data;
    if (length > m_bytes.length) {
      m_own.reset(new char[length]);
      m_own_length = length;
      block = m_own.get();
    }
    for (rd_kafka_message_t *message : messages) {
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) Add(message, block);
      else if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) AddEnd(message);
      rd_kafka_message_destroy(message);
    }
  }

  void HandleOKCallback() {
    Nan::HandleScope scope;
    v8::Local<v8::Array> topics = Nan::New<v8::Array>();
    for (size_t t = 0; t < m_topics.size(); t++)
      Nan::Set(topics, t, Nan::New<v8::String>(m_topics[t]).ToLocalChecked());
    v8::Local<v8::Array> ends = Nan::New<v8::Array>();
    for (size_t e = 0; e < m_ends.size(); e++) {
      v8::Local<v8::Object> end = Nan::New<v8::Object>();
      Nan::Set(end, Nan::New("topic").ToLocalChecked(), Nan::New<v8::String>(m_ends[e].topic).ToLocalChecked());
      Nan::Set(end, Nan::New("partition").ToLocalChecked(), Nan::New<v8::Number>(m_ends[e].partition));
      Nan::Set(end, Nan::New("offset").ToLocalChecked(), Nan::New<v8::Number>(static_cast<double>(m_ends[e].offset)));
      Nan::Set(ends, e, end);
    }
    v8::Local<v8::Value> own = Nan::Undefined();
    if (m_own) own = Nan::CopyBuffer(m_own.get(), m_own_length).ToLocalChecked();
    v8::Local<v8::Value> headers = Nan::Undefined();
    if (!m_headers.empty()) headers = Doubles(m_headers);
    const unsigned int argc = 6;
    v8::Local<v8::Value> argv[argc] = {
        Nan::Null(), Nan::New<v8::Number>(static_cast<double>(m_count)), topics, ends, headers, own};
    callback->Call(argc, argv);
  }

  void HandleErrorCallback() {
    Nan::HandleScope scope;
    const unsigned int argc = 1;
    v8::Local<v8::Value> argv[argc] = {GetErrorObject()};
    callback->Call(argc, argv);
  }

 private:
  struct End {
    std::string topic;
    int32_t partition;
    int64_t offset;
  };

  void Add(rd_kafka_message_t *message, char *block) {
    double *row = reinterpret_cast<double *>(m_rows.data) + kRow * m_count;
    rd_kafka_timestamp_type_t type;
    row[0] = TopicOf(message->rkt);
    row[1] = message->partition;
    row[2] = static_cast<double>(message->offset);
    row[3] = static_cast<double>(rd_kafka_message_timestamp(message, &type));
    row[4] = static_cast<double>(m_at);
    row[5] = Put(message->key, message->key_len, block);
    row[6] = static_cast<double>(m_at);
    row[7] = Put(message->payload, message->len, block);
    rd_kafka_headers_t *headers = HeadersOf(message);
    const char *name;
    const void *value;
    size_t length;
    for (size_t k = 0; headers && !rd_kafka_header_get_all(headers, k, &name, &value, &length); k++) {
      m_headers.push_back(static_cast<double>(m_count));
      m_headers.push_back(static_cast<double>(m_at));
      m_headers.push_back(Put(name, strlen(name), block));
      m_headers.push_back(static_cast<double>(m_at));
      m_headers.push_back(Put(value, length, block));
    }
    m_count++;
  }

  /** Copies to the block. @returns the length, -1 where there is nothing, not even no bytes */
  double Put(const void *bytes, size_t length, char *block) {
    if (!bytes) return -1;
    if (length > 0) memcpy(block + m_at, bytes, length);
    m_at += length;
    return static_cast<double>(length);
  }

  /** Records of a topic come one after another, mostly. */
  double TopicOf(rd_kafka_topic_t *topic) {
    if (topic == m_last) return m_last_place;
    const std::string name(rd_kafka_topic_name(topic));
    const size_t place = std::find(m_topics.begin(), m_topics.end(), name) - m_topics.begin();
    if (place == m_topics.size()) m_topics.push_back(name);
    m_last = topic;
    m_last_place = static_cast<double>(place);
    return m_last_place;
  }

  void AddEnd(rd_kafka_message_t *message) {
    if (message->rkt) m_ends.push_back({rd_kafka_topic_name(message->rkt), message->partition, message->offset});
  }

  KafkaConsumer *m_consumer;
  const int m_timeout_ms;
  const size_t m_max;
  const Lent m_bytes;
  const Lent m_rows;
  size_t m_count = 0;
  size_t m_at = 0;
  std::vector<std::string> m_topics;
  rd_kafka_topic_t *m_last = nullptr;
  double m_last_place = 0;
  std::vector<double> m_headers;
  std::vector<End> m_ends;
  /** The block where the lent one is too small: a batch of larger records than before. */
  std::unique_ptr<char[]> m_own;
  size_t m_own_length = 0;
};

/** Whether `length` bytes at `at` lie in a block; a length of -1 is nothing. False for NaN. */
bool IsIn(double at, double length, size_t block) {
  return length == -1 || (at >= 0 && length >= 0 && at + length <= static_cast<double>(block));
}

/** Checked before: IsIn. No bytes are not the same as nothing, also where the whole block has none and so no place. */
void *PlaceOf(uint8_t *bytes, double at, double length) {
  static uint8_t none;
  if (length < 0) return nullptr;
  return length > 0 ? bytes + static_cast<size_t>(at) : &none;
}

size_t LengthOf(double length) { return length < 0 ? 0 : static_cast<size_t>(length); }

/** Rows of records `from` to before `to`, as they are handed over. */
struct Produced {
  uint8_t *bytes;
  size_t length;
  const double *rows;
  const double *headers;
  size_t header_count;
  size_t from;
  size_t to;

  bool IsValid(size_t topics) const {
    for (size_t j = from; j < to; j++) {
      const double *row = rows + kRow * j;
      if (!(row[0] >= 0 && row[0] < static_cast<double>(topics))) return false;
      if (!(row[1] >= -1 && row[1] <= INT32_MAX)) return false;
      if (!(row[3] >= -9e15 && row[3] <= 9e15)) return false;
      if (!IsIn(row[4], row[5], length) || !IsIn(row[6], row[7], length)) return false;
    }
    for (size_t h = 0; h < header_count; h++) {
      const double *header = headers + kHeaderRow * h;
      if (header[2] < 0 || !IsIn(header[1], header[2], length) || !IsIn(header[3], header[4], length)) return false;
    }
    return true;
  }

  /** @param list the record's headers, its own from now on. @returns the error of record `j`, which was not taken then */
  rd_kafka_resp_err_t HandOver(rd_kafka_t *rk, rd_kafka_topic_t *topic, size_t j, rd_kafka_headers_t *list) const {
    const double *row = rows + kRow * j;
    rd_kafka_vu_t vus[7];
    vus[0].vtype = RD_KAFKA_VTYPE_RKT;
    vus[0].u.rkt = topic;
    vus[1].vtype = RD_KAFKA_VTYPE_PARTITION;
    vus[1].u.i32 = row[1] < 0 ? RD_KAFKA_PARTITION_UA : static_cast<int32_t>(row[1]);
    vus[2].vtype = RD_KAFKA_VTYPE_VALUE;
    vus[2].u.mem.ptr = PlaceOf(bytes, row[6], row[7]);
    vus[2].u.mem.size = LengthOf(row[7]);
    vus[3].vtype = RD_KAFKA_VTYPE_KEY;
    vus[3].u.mem.ptr = PlaceOf(bytes, row[4], row[5]);
    vus[3].u.mem.size = LengthOf(row[5]);
    vus[4].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
    vus[4].u.i = RD_KAFKA_MSG_F_COPY;
    vus[5].vtype = RD_KAFKA_VTYPE_TIMESTAMP;
    vus[5].u.i64 = static_cast<int64_t>(row[3]);
    vus[6].vtype = RD_KAFKA_VTYPE_HEADERS;
    vus[6].u.headers = list;
    rd_kafka_error_t *error = rd_kafka_produceva(rk, vus, list ? 7 : 6);
    if (!error) return RD_KAFKA_RESP_ERR_NO_ERROR;
    // The client leaves them to its caller then.
    if (list) rd_kafka_headers_destroy(list);
    const rd_kafka_resp_err_t code = rd_kafka_error_code(error);
    rd_kafka_error_destroy(error);
    return code;
  }
};

/**
 * The headers of records, in their order. Where those of a record are the very bytes that those of the record before are, both have one
 * list: a list of its own takes each record three pieces of memory, which another thread gives back.
 */
class HeaderLists {
 public:
  explicit HeaderLists(const Produced &records) : m_records(records) {}
  HeaderLists(const HeaderLists &) = delete;
  HeaderLists &operator=(const HeaderLists &) = delete;

  ~HeaderLists() { Leave(); }

  /** The headers of record `j`, which the caller gives back; nullptr where it has none. To be asked in the order of the records. */
  rd_kafka_headers_t *Of(size_t j) {
    const size_t count = m_records.header_count;
    while (m_next < count && RecordOf(m_next) < static_cast<double>(j)) ++m_next;
    const size_t from = m_next;
    while (m_next < count && RecordOf(m_next) == static_cast<double>(j)) ++m_next;
    if (m_next == from) return nullptr;
    if (!IsSame(from, m_next - from)) {
      Leave();
      m_list = Made(from, m_next);
    }
    m_from = from;
    m_length = m_next - from;
    return rd_kafka_headers_keep(m_list);
  }

 private:
  const double *Row(size_t header) const { return m_records.headers + kHeaderRow * header; }
  double RecordOf(size_t header) const { return Row(header)[0]; }

  /** Whether the headers from `from` on lie where those of m_list lie. */
  bool IsSame(size_t from, size_t length) const {
    if (!m_list || length != m_length) return false;
    for (size_t k = 0; k < length; k++)
      for (size_t column = 1; column < kHeaderRow; column++)
        if (Row(from + k)[column] != Row(m_from + k)[column]) return false;
    return true;
  }

  rd_kafka_headers_t *Made(size_t from, size_t end) const {
    uint8_t *bytes = m_records.bytes;
    rd_kafka_headers_t *list = rd_kafka_headers_new(end - from);
    for (size_t h = from; h < end; h++) {
      const double *header = Row(h);
      const char *name = static_cast<const char *>(PlaceOf(bytes, header[1], header[2]));
      // As Producer.produce has it: a name ends at its first NUL.
      rd_kafka_header_add(list, name, static_cast<ssize_t>(strnlen(name, LengthOf(header[2]))),
                          PlaceOf(bytes, header[3], header[4]), static_cast<ssize_t>(LengthOf(header[4])));
    }
    return list;
  }

  void Leave() {
    if (m_list) rd_kafka_headers_destroy(m_list);
  }

  const Produced &m_records;
  size_t m_next = 0;
  rd_kafka_headers_t *m_list = nullptr;
  /** Its headers. */
  size_t m_from = 0;
  size_t m_length = 0;
};

}  // namespace

/**
 * Waits for a first message, then takes those that are there, `max` and `bytes_max` bytes at most: a few turns of the queue's lock in
 * place of one for each. Where messages are larger than those before them, a batch has more bytes: what was taken from the queue has
 * to be handed on. An error that comes beside messages is told by the next call.
 */
RdKafka::ErrorCode KafkaConsumer::ConsumeBatch(int timeout_ms, size_t max, size_t bytes_max,
                                               std::vector<rd_kafka_message_t *> *messages) {
  if (!IsConnected()) return RdKafka::ERR__STATE;
  scoped_shared_read_lock lock(m_connection_lock);
  if (!IsConnected()) return RdKafka::ERR__STATE;
  {
    std::lock_guard<std::mutex> guard(m_batch_errors_lock);
    if (!m_batch_errors.empty()) {
      const RdKafka::ErrorCode error = m_batch_errors.front();
      m_batch_errors.erase(m_batch_errors.begin());
      return error;
    }
  }
  messages->resize(max);
  rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(m_consumer->c_ptr());
  size_t taken = 0;
  size_t bytes = 0;
  size_t largest = 1;
  bool has_records = false;
  std::vector<RdKafka::ErrorCode> errors;
  ssize_t count = rd_kafka_consume_batch_queue(queue, timeout_ms, messages->data(), 1);
  while (count > 0) {
    for (const size_t end = taken + count; taken < end; taken++) {
      const rd_kafka_message_t *message = (*messages)[taken];
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) has_records = true;
      else if (message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF)
        errors.push_back(static_cast<RdKafka::ErrorCode>(message->err));
      const size_t size = BytesOf(message);
      largest = std::max(largest, size);
      bytes += size;
    }
    if (taken >= max || bytes >= bytes_max) break;
    const size_t wanted = std::min({max - taken, kGrowth * taken, (bytes_max - bytes) / largest});
    if (wanted == 0) break;
    count = rd_kafka_consume_batch_queue(queue, 0, messages->data() + taken, wanted);
  }
  rd_kafka_queue_destroy(queue);
  messages->resize(taken);
  if (errors.empty()) return RdKafka::ERR_NO_ERROR;
  const bool tells_first = !has_records && taken == errors.size();
  std::lock_guard<std::mutex> guard(m_batch_errors_lock);
  for (size_t e = tells_first ? 1 : 0; e < errors.size() && m_batch_errors.size() < kErrorsMax; e++)
    m_batch_errors.push_back(errors[e]);
  if (!tells_first) return RdKafka::ERR_NO_ERROR;
  for (rd_kafka_message_t *message : *messages) rd_kafka_message_destroy(message);
  messages->clear();
  return errors[0];
}

/**
 * consumeBatch(timeoutMs, max, bytes, rows, callback): bytes is a Uint8Array and rows a Float64Array of 8 doubles for each of max
 * records; both are the caller's, who must not touch them until the callback is called.
 *   callback(error, count, topics, ends, headers, own)
 * `own` is the block in place of bytes where those are too small; `headers` is undefined where there are none.
 */
NAN_METHOD(KafkaConsumer::NodeConsumeBatch) {
  Nan::HandleScope scope;
  if (info.Length() < 5 || !info[0]->IsNumber() || !info[1]->IsNumber() || !info[2]->IsUint8Array() ||
      !info[3]->IsFloat64Array() || !info[4]->IsFunction())
    return Nan::ThrowTypeError("expected a timeout, a number of records, bytes, rows and a callback");
  const int timeout_ms = Nan::To<int32_t>(info[0]).FromJust();
  const size_t max = Nan::To<uint32_t>(info[1]).FromJust();
  const Lent bytes(info[2].As<v8::ArrayBufferView>());
  const Lent rows(info[3].As<v8::ArrayBufferView>());
  if (max < 1 || max > kRecordsMax) return Nan::ThrowRangeError("the number of records is out of range");
  if (rows.length < max * kRow * sizeof(double)) return Nan::ThrowRangeError("the rows are too few");
  ConsumeBatchWorker *worker =
      new ConsumeBatchWorker(new Nan::Callback(info[4].As<v8::Function>()), ObjectWrap::Unwrap<KafkaConsumer>(info.This()),
                             timeout_ms, max, bytes, rows);
  worker->SaveToPersistent("consumer", info.This());
  Nan::AsyncQueueWorker(worker);
}

/**
 * produceBatch(topics, bytes, rows, headers, from, to): hands over records from..to until one is refused.
 * @returns [how many were taken, the code of what refused the next one or 0]
 */
NAN_METHOD(Producer::NodeProduceBatch) {
  Nan::HandleScope scope;
  if (info.Length() < 6 || !info[0]->IsArray() || !info[1]->IsUint8Array() || !info[2]->IsFloat64Array() ||
      !info[3]->IsFloat64Array() || !info[4]->IsNumber() || !info[5]->IsNumber())
    return Nan::ThrowTypeError("expected topics, bytes, rows, headers, from and to");
  Producer *producer = ObjectWrap::Unwrap<Producer>(info.This());
  // Names are read first: that may run code of the caller's, and nothing after it does.
  v8::Local<v8::Array> given = info[0].As<v8::Array>();
  std::vector<std::string> names;
  for (uint32_t t = 0; t < given->Length(); t++) {
    v8::Local<v8::Value> name;
    if (!Nan::Get(given, t).ToLocal(&name) || !name->IsString()) return Nan::ThrowTypeError("a topic's name is no string");
    names.push_back(*Nan::Utf8String(name));
  }
  const Lent bytes(info[1].As<v8::ArrayBufferView>());
  const Lent rows(info[2].As<v8::ArrayBufferView>());
  const Lent headers(info[3].As<v8::ArrayBufferView>());
  const size_t from = Nan::To<uint32_t>(info[4]).FromJust();
  const size_t to = Nan::To<uint32_t>(info[5]).FromJust();
  if (from > to || to > rows.length / (kRow * sizeof(double))) return Nan::ThrowRangeError("the rows are too few");
  const Produced records = {reinterpret_cast<uint8_t *>(bytes.data), bytes.length,
                            reinterpret_cast<const double *>(rows.data), reinterpret_cast<const double *>(headers.data),
                            headers.length / (kHeaderRow * sizeof(double)), from, to};
  if (!records.IsValid(names.size())) return Nan::ThrowRangeError("a row points outside of the bytes");

  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR__STATE;
  size_t taken = 0;
  if (producer->IsConnected()) {
    scoped_shared_read_lock lock(producer->m_connection_lock);
    if (producer->IsConnected()) {
      rd_kafka_t *rk = producer->m_client->c_ptr();
      error = RD_KAFKA_RESP_ERR_NO_ERROR;
      std::vector<rd_kafka_topic_t *> topics;
      for (const std::string &name : names) {
        rd_kafka_topic_t *topic = rd_kafka_topic_new(rk, name.c_str(), nullptr);
        if (!topic) {
          error = rd_kafka_last_error();
          break;
        }
        topics.push_back(topic);
      }
      HeaderLists lists(records);
      for (size_t j = from; j < to && error == RD_KAFKA_RESP_ERR_NO_ERROR; j++) {
        error = records.HandOver(rk, topics[static_cast<size_t>(records.rows[kRow * j])], j, lists.Of(j));
        if (error == RD_KAFKA_RESP_ERR_NO_ERROR) taken++;
      }
      for (rd_kafka_topic_t *topic : topics) rd_kafka_topic_destroy(topic);
    }
  }
  v8::Local<v8::Array> answer = Nan::New<v8::Array>(2);
  Nan::Set(answer, 0, Nan::New<v8::Number>(static_cast<double>(taken)));
  Nan::Set(answer, 1, Nan::New<v8::Number>(static_cast<double>(error)));
  info.GetReturnValue().Set(answer);
}

}  // namespace NodeKafka
