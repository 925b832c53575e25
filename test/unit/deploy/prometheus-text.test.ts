import assert from "node:assert/strict";
import { readSamples } from "../../../deploy/local/prometheus-text.js";

/** The example of https://prometheus.io/docs/instrumenting/exposition_formats/, shortened. */
const EXAMPLE = String.raw`# HELP http_requests_total The total number of HTTP requests.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027 1395066363000
http_requests_total{method="post",code="400"}    3 1395066363000

# Escaping in label values:
msdos_file_access_time_seconds{path="C:\\DIR\\FILE.TXT",error="Cannot find file:\n\"FILE.TXT\""} 1.458255915e9

# Minimalistic line:
metric_without_timestamp_and_labels 12.47

# A weird metric from before the epoch:
something_weird{problem="division by zero"} +Inf -3982045
`.replace("    3 ", " 3 ");

describe("the text of /metrics", () => {
  it("gives the samples of the metrics asked for, with labels and escapes", () => {
    const names = new Set([
      "http_requests_total",
      "msdos_file_access_time_seconds",
      "metric_without_timestamp_and_labels",
    ]);
    assert.deepEqual(readSamples(EXAMPLE, names), [
      { name: "http_requests_total", labels: { method: "post", code: "200" }, value: 1027 },
      { name: "http_requests_total", labels: { method: "post", code: "400" }, value: 3 },
      {
        name: "msdos_file_access_time_seconds",
        labels: { path: String.raw`C:\DIR\FILE.TXT`, error: 'Cannot find file:\n"FILE.TXT"' },
        value: 1.458255915e9,
      },
      { name: "metric_without_timestamp_and_labels", labels: {}, value: 12.47 },
    ]);
  });

  it("does not take a name for another that begins with it", () => {
    assert.deepEqual(readSamples("lag_records 1\nlag 2\n", new Set(["lag"])), [{ name: "lag", labels: {}, value: 2 }]);
  });
});
