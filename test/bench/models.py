"""CPU time of scikit-learn's refit-and-predict: one JSON question per line in, one JSON line out.

in:  {"kind", "train", "x", "y", "refits"}: refits on the `train` rows before each of the last `refits` rows, newest first
out: {"seconds"}
"""
import json
import os
import sys
import time

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[threads] = "1"

import numpy as np
from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import LinearRegression

MODELS = {
    "rf": lambda: RandomForestRegressor(random_state=0),
    "gb": lambda: GradientBoostingRegressor(random_state=0),
    "lin": LinearRegression,
}

for line in sys.stdin:
    question = json.loads(line)
    make, train = MODELS[question["kind"]], question["train"]
    x, y = np.array(question["x"]), np.array(question["y"])
    start = time.process_time()
    for i in range(len(y) - question["refits"], len(y)):
        make().fit(x[i - train : i][::-1], y[i - train : i][::-1]).predict(x[i : i + 1])
    print(json.dumps({"seconds": time.process_time() - start}), flush=True)
