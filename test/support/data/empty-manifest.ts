/** What a folder says of itself that holds values and no positions. */
import type { Manifest } from "../../../shared/kernel/store/manifest.js";

export const EMPTY_MANIFEST: Manifest = {
  format: 1,
  application: "a",
  partition: 0,
  topicIds: {},
  positions: {},
  changelogPositions: {},
};
