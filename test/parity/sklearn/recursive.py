"""Recursive models as their libraries run them: one JSON stream per line in, one JSON line of forecasts out.

in:  {"kind", "parameters", "x", "y"}
out: {"yhat"}
"""
import copy
import json
import math
import sys
import warnings

import numpy as np
from river import dummy, linear_model, optim, preprocessing, stats
from statsmodels.tsa.holtwinters import Holt


def holt(stream):
    """The first forecast is of a model that has seen nothing; from then on those of a level and a trend that are known."""
    y, parameters = np.array(stream["y"]), stream["parameters"]
    model = Holt(y, initialization_method="known", initial_level=y[0], initial_trend=0.0)
    fit = model.fit(smoothing_level=parameters["alpha"], smoothing_trend=parameters["beta"], optimized=False)
    return [0.0, *map(float, fit.fittedvalues[1:])]


def last(stream):
    y, lag = stream["y"], stream["parameters"]["lag"]
    return [y[i - lag] if i >= lag else 0.0 for i in range(len(y))]


def numbers(model):
    """All numbers that a pipeline of scaler and linear model has learned."""
    scaler, linear = model.steps.values()
    return [*scaler.means.values(), *scaler.vars.values(), *linear.weights.values(), linear.intercept]


def sgd(stream):
    """An observation after which a number would not be finite is passed over whole."""
    rate = stream["parameters"]["lr"]
    model = preprocessing.StandardScaler() | linear_model.LinearRegression(optimizer=optim.SGD(rate), intercept_lr=rate)
    yhat = []
    for x, y in zip(stream["x"], stream["y"]):
        x = dict(enumerate(x))
        yhat.append(float(model.predict_one(x)))
        before = copy.deepcopy(model)
        model.learn_one(x, y)
        if not all(map(math.isfinite, numbers(model))):
            model = before
    return yhat


def mean(stream):
    model = dummy.StatisticRegressor(stats.Mean())
    yhat = []
    for x, y in zip(stream["x"], stream["y"]):
        yhat.append(float(model.predict_one({}) or 0.0))
        model.learn_one({}, y)
    return yhat


KINDS = {"holt": holt, "last": last, "mean": mean, "sgd": sgd}

if __name__ == "__main__":
    warnings.simplefilter("ignore")
    for line in sys.stdin:
        stream = json.loads(line)
        print(json.dumps({"yhat": KINDS[stream["kind"]](stream)}), flush=True)
