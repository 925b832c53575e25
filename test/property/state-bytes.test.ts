import assert from "node:assert/strict";
import fc from "fast-check";
import { raceCodec } from "../../services/ml-racer/race-codec.js";
import { seriesCodec } from "../../services/stateful-estimator/series-state.js";
import type { Codec } from "../../shared/service-definition.js";
import { rowCodec } from "../../shared/state/row-ring.js";
import { doubles, mlRaces, seriesStates } from "../support/data/state-arbitraries.js";
import { holds } from "../support/property.js";

describeBytes("an ml-racer race", raceCodec, mlRaces(), true);
describeBytes("an estimator's series", seriesCodec, seriesStates(), true);
describeBytes("a row", rowCodec, fc.integer({ min: 1, max: 6 }).chain(doubles), false);

/** @param cutShows whether the bytes say how long they are; a row's length is known to the series it is of */
function describeBytes<V>(what: string, codec: Codec<V>, values: fc.Arbitrary<V>, cutShows: boolean): void {
  describe(`the bytes of ${what}`, () => {
    it("give back the same value, bit for bit, and do not live on in it", () => {
      holds(
        fc.property(values, (value) => {
          const bytes = codec.encode(value);
          const larger = Buffer.concat([Buffer.from([1, 2, 3]), bytes]);
          const decoded = codec.decode(larger.subarray(3));
          larger.fill(0);
          assert.deepEqual(decoded, value);
          assert.deepEqual(codec.encode(decoded), bytes);
        }),
      );
    });

    it("are refused when some are missing at the end, or something stands behind them", () => {
      holds(
        fc.property(values, fc.uint8Array({ minLength: 1, maxLength: 7 }), (value, rest) => {
          const bytes = codec.encode(value);
          assert.throws(() => codec.decode(Buffer.concat([bytes, rest])), RangeError);
          for (let length = 0; length < bytes.length; length++) {
            if (!cutShows && length % 8 === 0) continue;
            assert.throws(() => codec.decode(bytes.subarray(0, length)), RangeError, `${length} of ${bytes.length}`);
          }
        }),
        30,
      );
    });

    it("are no more than the memory that the value is said to take, and not much less than that", () => {
      holds(
        fc.property(values, (value) => {
          const { length } = codec.encode(value);
          const said = codec.bytes(value);
          assert.ok(said >= length && said <= length + 4096, `${said} for ${length} bytes`);
        }),
      );
    });

    it("are shown as JSON whatever they say", () => {
      holds(fc.property(values, (value) => void JSON.stringify(codec.toJson(value))));
    });
  });
}
