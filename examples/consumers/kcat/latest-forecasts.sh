#!/bin/sh
# Prints the latest champion forecast of every series, one JSON object a line. Needs kcat and jq.
# A label has the forecast of its question once more: it is passed over.
set -eu
for topic in rls-best ml-best; do
  kcat -b "${KAFKA_BROKERS:-127.0.0.1:9092}" -X isolation.level=read_committed -C -t "$topic" -o beginning -e -q |
    jq -nc --arg from "$topic" '
      reduce (inputs | select(.champion != null and (has("asked") | not))) as $best
        ({}; .[[$best.topic, $best.series] | tojson] = $best)
      | .[] | {$from, topic, series, i} + .champion'
done
