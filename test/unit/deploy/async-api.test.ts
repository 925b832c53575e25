import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { Ajv } from "ajv";
import { asyncApi } from "../../../deploy/generate/async-api.js";
import { TOPICS } from "../../../deploy/generate/contract-topics.js";
import { encodeObservation } from "../../../shared/contract/schemas.js";
import { topics } from "../../../shared/contract/topics.js";
import { ContractCheck } from "../../support/contract/contract-check.js";

interface Specifications {
  readonly schemas: Readonly<Record<string, object>>;
}
/** JSON Schemas of AsyncAPI itself, by its authors. */
const specifications: Specifications = createRequire(import.meta.url)("@asyncapi/specs");

describe("the contract", () => {
  const validate = new Ajv({ meta: false, strict: false, logger: false, validateFormats: false }).compile(
    specifications.schemas["3.0.0"],
  );
  const isAsyncApi = (value: unknown): boolean => validate(value) === true;
  const document = JSON.parse(asyncApi());

  it("is a document of AsyncAPI 3", () => {
    assert.ok(isAsyncApi(document), JSON.stringify(validate.errors?.slice(0, 5)));
    const wrong = structuredClone(document);
    wrong.channels["rls-best"].bindings.kafka.topicConfiguration = { "cleanup.policy": "compact" };
    assert.ok(!isAsyncApi(wrong));
    assert.ok(!isAsyncApi({ ...document, info: {} }));
  });

  it("has every topic of results, as it is created", () => {
    const described = new Map(TOPICS.map(({ topic }) => [topic.name, topic.config]));
    for (const { name, config } of Object.values(topics)) {
      assert.deepEqual(described.get(name), config, name);
      const policy = document.channels[name].bindings.kafka.topicConfiguration?.["cleanup.policy"];
      assert.deepEqual(policy, "cleanup.policy" in config ? ["compact"] : undefined, name);
    }
  });

  it("refers to nothing that is not in it", () => {
    const references = [...asyncApi().matchAll(/"\$ref": "#\/([^"]+)"/g)].map(([, path]) => path);
    assert.ok(references.length > 20);
    for (const path of references) {
      const parts = path.split("/").map((part) => part.replaceAll("~1", "/"));
      assert.ok(parts.reduce((at, part) => at?.[part], document) !== undefined, path);
    }
  });

  describe("of observations", () => {
    const check = new ContractCheck(document);
    const plain = { topic: "t", series: "s", i: 1, y: 0.5, x: [1, 2.5] };
    const faultsOf = (value: object) => check.faults("t.observations", Buffer.from(JSON.stringify(value)));

    it("takes what the deserializer writes, and members that came later", () => {
      for (const observation of [plain, { ...plain, y: null }, { topic: "t", series: "s", i: 1, y: 2 }])
        assert.deepEqual(check.faults("t.observations", encodeObservation(observation)), []);
      assert.deepEqual(faultsOf({ ...plain, later: true }), []);
    });

    it("takes nothing else", () => {
      const { series: _, ...nameless } = plain;
      for (const wrong of [
        nameless,
        { ...plain, i: 1.5 },
        { ...plain, i: 2 ** 53 },
        { ...plain, x: [] },
        { ...plain, y: "1" },
      ])
        assert.equal(faultsOf(wrong).length, 1, JSON.stringify(wrong));
      assert.deepEqual(check.faults("another", Buffer.from("{}")), ["another is no topic of the contract"]);
    });
  });
});
