import assert from "node:assert/strict";
import { modelListSchema, parseModelList } from "../../../services/ml-racer/model-list.js";
import { createRegressor } from "../../../services/ml-racer/models/model-registry.js";
import { readSettings, setting } from "../../../shared/config.js";

function modelsOf(text: string) {
  const list = parseModelList(text);
  assert.equal(list.kind, "models");
  return list.models;
}

function faultsOf(text: string) {
  const list = parseModelList(text);
  assert.equal(list.kind, "faults");
  return list.faults;
}

describe("the list of racing models", () => {
  it("gives scikit-learn's defaults to what is left out", () => {
    assert.deepEqual(modelsOf("rf, lin,gb"), [
      {
        name: "rf",
        kind: "rf",
        parameters: {
          n_estimators: 100,
          max_depth: Number.POSITIVE_INFINITY,
          min_samples_split: 2,
          min_samples_leaf: 1,
          random_state: 0,
        },
      },
      { name: "lin", kind: "lin", parameters: {} },
      {
        name: "gb",
        kind: "gb",
        parameters: {
          n_estimators: 100,
          max_depth: 3,
          min_samples_split: 2,
          min_samples_leaf: 1,
          random_state: 0,
          learning_rate: 0.1,
        },
      },
    ]);
  });

  it("names a model by its text, so that two of a kind race apart", () => {
    const models = modelsOf("gb,gb: n_estimators = 50 :learning_rate=0.05,rf:max_depth=none");
    assert.deepEqual(
      models.map(({ name }) => name),
      ["gb", "gb:n_estimators=50:learning_rate=0.05", "rf:max_depth=none"],
    );
    assert.equal(models[1].parameters.n_estimators, 50);
    assert.equal(models[1].parameters.learning_rate, 0.05);
    assert.equal(models[2].parameters.max_depth, Number.POSITIVE_INFINITY);
  });

  it("refuses a learning rate with which residuals overflow before the last stage, and takes one with which they do not", () => {
    assert.deepEqual(faultsOf("gb:learning_rate=100"), [
      "gb: expected a learning_rate with which residuals, multiplied by 99 at each of 100 stages, stay finite",
    ]);
    assert.equal(modelsOf("gb:learning_rate=100:n_estimators=50,gb:learning_rate=2:n_estimators=10000").length, 2);
  });

  it("reports every fault of the list at once", () => {
    const faults = faultsOf("rf:n_estimators=0,svm,gb:depth=2:learning_rate=-1,lin:tol=1,rf:max_depth,lin,lin");
    assert.deepEqual(faults, [
      'rf: expected n_estimators to be an integer from 1 to 10000, got "0"',
      'expected a model of rf, lin, gb, ridge, knn, tree, last, mean, holt, sgd, rls, got "svm"',
      "gb: expected <hyper-parameter>=<value> of n_estimators, max_depth, min_samples_split, min_samples_leaf," +
        ' random_state, learning_rate, got "depth=2"',
      'gb: expected learning_rate to be a number of 0 or more, got "-1"',
      'lin: expected no hyper-parameters, got "tol=1"',
      "rf: expected <hyper-parameter>=<value> of n_estimators, max_depth, min_samples_split, min_samples_leaf," +
        ' random_state, got "max_depth"',
      "lin is listed twice: results could not tell the two apart",
    ]);
  });

  it("takes neither an inherited name for a hyper-parameter nor one that is set twice", () => {
    assert.equal(faultsOf("rf:toString=1").length, 1);
    assert.deepEqual(faultsOf("rf:max_depth=2:max_depth=3"), ["rf: max_depth is set twice"]);
  });

  it("takes an empty text for no list", () => {
    assert.deepEqual(faultsOf(" "), [
      'expected a model of rf, lin, gb, ridge, knn, tree, last, mean, holt, sgd, rls, got ""',
    ]);
  });

  it("reports its faults through the settings, one line each", () => {
    const models = setting("ML_MODELS", modelListSchema, { default: "rf,lin,gb", doc: "models" });
    assert.equal(readSettings({ models }, {}).models.length, 3);
    assert.throws(
      () => readSettings({ models }, { ML_MODELS: "rf:n_estimators=0,svm" }),
      (error: Error & { faults?: string[] }) => error.faults?.length === 2,
    );
  });

  it("makes no regressor of an unknown kind or of no rows", () => {
    const [lin] = modelsOf("lin");
    assert.throws(() => createRegressor({ ...lin, kind: "svm" }, { features: 1, trainLength: 1 }), RangeError);
    assert.throws(() => createRegressor(lin, { features: 1, trainLength: 0 }), RangeError);
  });
});
