/** How the bytes of a series are checked, read from older formats and shown. What they are: series-state.ts. */
import type { PackedCodec } from "../../shared/service-definition.js";
import { shownLast } from "./known-values.js";
import { shownLags } from "./lags.js";
import { seriesOfFormat1, seriesOfFormat2, seriesOfFormat3, seriesOfFormat4 } from "./older-series.js";
import { checkSeries, readSeries } from "./series-state.js";

/** See the file's head. */
export const seriesCodec: PackedCodec = {
  packed: true,
  format: 5,
  check: checkSeries,
  older: { 1: seriesOfFormat1, 2: seriesOfFormat2, 3: seriesOfFormat3, 4: seriesOfFormat4 },
  toJson(value) {
    const { features, lastI, lags, last } = readSeries(value);
    return {
      features,
      lastI,
      ...(lags === undefined ? {} : { lags: shownLags(lags) }),
      ...(last === undefined ? {} : { last: shownLast(last) }),
    };
  },
};
