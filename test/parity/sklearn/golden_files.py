"""Writes the golden files file_*.json: what the models of both racers score on the files of test/data, one observation after the
other, rf, lin and gb by scikit-learn, rls1 and rls2 by the equations of docs/models.md in numpy.
`.local/sklearn/bin/python test/parity/sklearn/golden_files.py test/data test/parity/golden`
"""
import csv
import json
import pathlib
import sys
import warnings

import numpy as np
import sklearn

from race import race

WINDOW, TRAIN = 50, 25
KINDS = {"rf": {"random_state": 0}, "lin": {}, "gb": {"random_state": 0}}
FORGETTING = {"rls1": 1.0, "rls2": 0.99}


def rls(x, y, nu):
    beta, covariance = np.zeros(len(x[0]) + 1), 10 * np.eye(len(x[0]) + 1)
    yhat = []
    for features, target in zip(x, y):
        row = np.array([1.0, *features])
        yhat.append(float(row @ beta))
        gain = covariance @ row
        covariance = (covariance - np.outer(gain, gain) / (1 + row @ gain)) / nu
        beta = beta + covariance @ row * (target - row @ beta)
    return yhat


def prequential(y, yhat):
    mse = 0.0
    for n, (target, forecast) in enumerate(zip(y, yhat), 1):
        mse += ((target - forecast) ** 2 - mse) / n
    return mse


def diabetes(rows):
    *features, target = rows[0].keys()
    return [[float(row[name]) for name in features] for row in rows], [float(row[target]) for row in rows]


def co2(rows, lags=5):
    """Rows without a value are passed over; a row's features are the values before it, the newest first."""
    values = [float(row["co2"]) for row in rows if row["co2"] != ""]
    x = [values[k - lags : k][::-1] for k in range(lags, len(values))]
    return x, values[lags:]


warnings.simplefilter("ignore")
data, golden = map(pathlib.Path, sys.argv[1:])
for name, observations in {"diabetes": diabetes, "co2": co2}.items():
    with open(data / f"{name}.csv", newline="", encoding="utf-8") as file:
        x, y = observations(list(csv.DictReader(file)))
    yhat = {model: rls(x, y, nu) for model, nu in FORGETTING.items()}
    stream = {"window": WINDOW, "train": TRAIN, "n": len(x[0]), "x": x, "y": y}
    for model, parameters in KINDS.items():
        yhat[model] = race({**stream, "kind": model, "parameters": parameters})["yhat"]
    mse = {model: prequential(y, forecasts) for model, forecasts in yhat.items()}
    answer = {"sklearn": sklearn.__version__, "name": name, "records": len(y), "mse": mse}
    (golden / f"file_{name}.json").write_text(json.dumps(answer, separators=(",", ":")) + "\n")
