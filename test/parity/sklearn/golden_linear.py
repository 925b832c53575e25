"""Writes the golden files lin_*.json: what scikit-learn's LinearRegression forecasts where features outnumber rows, or depend on
one another. `.local/sklearn/bin/python test/parity/sklearn/golden_linear.py test/parity/golden`
"""
import json
import pathlib
import sys
import warnings

import numpy as np
import sklearn

from race import race

WINDOW, TRAIN = 50, 25


def free(random, records, n):
    return random.standard_normal((records, n))


def copied(random, records, n):
    """Each column three times, and every fourth row a copy of the one before."""
    x = np.tile(random.standard_normal((records, n // 3)), 3)
    x[3::4] = x[2::4][: len(x[3::4])]
    return x


def dependent(random, records, n):
    """A third of the columns constant, a third sums of two others."""
    x = random.standard_normal((records, n))
    third = n // 3
    x[:, :third] = np.round(random.standard_normal(third), 2)
    x[:, third : 2 * third] = x[:, -third:] + x[:, -third - 1 : -1]
    return x


def graded(random, records, n):
    """Columns from 1 down to 1e-9, so that singular values lie on either side of the cut."""
    return random.standard_normal((records, n)) * 10.0 ** (-9 * np.arange(n) / n)


STREAMS = {
    "n26": (free, 26, 45, 1.0),
    "n30_copied": (copied, 30, 45, 1.0),
    "n64_dependent": (dependent, 64, 40, 1.0),
    "n26_graded": (graded, 26, 45, 1.0),
    "n30_tiny": (free, 30, 35, 1e-300),
    "n30_huge": (free, 30, 35, 1e300),
    "n200": (free, 200, 32, 1.0),
}

warnings.simplefilter("ignore")
folder = pathlib.Path(sys.argv[1])
for seed, (name, (make, n, records, scale)) in enumerate(STREAMS.items()):
    random = np.random.default_rng(seed)
    x = make(random, records, n)
    weights = random.standard_normal(n) / np.sqrt(n)
    y = [float(f"{value:.4g}") for value in 2 + x @ weights + 0.1 * random.standard_normal(records)]
    x = [[float(f"{value:.4g}") for value in row] for row in x * scale]
    stream = {"name": name, "window": WINDOW, "train": TRAIN, "n": n, "x": x, "y": y}
    answer = race({**stream, "kind": "lin", "parameters": {}})
    text = json.dumps({"sklearn": sklearn.__version__, **stream, **answer}, separators=(",", ":"))
    (folder / f"lin_{name}.json").write_text(text + "\n")
