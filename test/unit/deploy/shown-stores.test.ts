import assert from "node:assert/strict";
import { SERVICE_DEFINITIONS } from "../../../deploy/cli/definitions.js";
import type { AnyCodec } from "../../../shared/service-definition.js";

describe("what a service keeps of a series", () => {
  it("is shown in all of its stores, those with many keys a series too", () => {
    for (const { name, stores, slots = {} } of Object.values(SERVICE_DEFINITIONS)) {
      const slotted = Object.entries<AnyCodec>(stores).filter(([, codec]) => codec.slotted === true);
      assert.deepEqual(Object.keys(slots).sort(), slotted.map(([store]) => store).sort(), name);
      // A series that the other stores do not know has none.
      for (const slotsOf of Object.values(slots)) assert.deepEqual(slotsOf({}), [], name);
    }
  });

  it("has the open questions of both racers in the order in which they were asked", () => {
    const ledger = {
      open: [
        { i: 7, asked: 1 },
        { i: 3, asked: 2 },
      ],
      counts: {},
    };
    for (const name of ["rls-racer", "ml-racer"] as const)
      assert.deepEqual(SERVICE_DEFINITIONS[name].slots?.questions({ ledger }), [7, 3]);
  });
});
