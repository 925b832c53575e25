"""Prints the latest champion forecast of every series, one JSON object a line, and ends."""

import json
import os

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

TOPICS = ("rls-best", "ml-best")


def read_to_end(consumer):
    """Every record that the topics hold now."""
    topics = consumer.list_topics(timeout=30).topics
    partitions = [(name, number) for name in TOPICS if name in topics for number in topics[name].partitions]
    consumer.assign([TopicPartition(name, number, OFFSET_BEGINNING) for name, number in partitions])
    left = set(partitions)
    while left:
        record = consumer.poll(1.0)
        if record is None:
            continue
        if record.error() is None:
            yield record
        elif record.error().code() == KafkaError._PARTITION_EOF:
            left.discard((record.topic(), record.partition()))
        else:
            raise KafkaException(record.error())


def main():
    consumer = Consumer(
        {
            "bootstrap.servers": os.environ.get("KAFKA_BROKERS", "127.0.0.1:9092"),
            "group.id": "latest-forecasts",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
        }
    )
    latest = {}
    for record in read_to_end(consumer):
        best = json.loads(record.value(), parse_int=float)
        # A label has the forecast of its question once more.
        if best["champion"] is not None and "asked" not in best:
            latest[record.topic(), best["topic"], best["series"]] = best
    consumer.close()
    for (source, topic, series), best in latest.items():
        head = {"from": source, "topic": topic, "series": series, "i": int(best["i"])}
        print(json.dumps(head | best["champion"]))


main()
