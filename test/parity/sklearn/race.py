"""The notebook's race with scikit-learn itself: one JSON stream per line in, one JSON line of predictions out.

in:  {"kind", "parameters", "window", "train", "n", "x", "y"}
out: {"yhat"}, and for lin also {"lin_kappa", "lin_edge", "lin_scale", "lin_reach"} per record
"""
import json
import os
import sys
import warnings

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[threads] = "1"

import numpy as np
from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import LinearRegression

KINDS = {"rf": RandomForestRegressor, "gb": GradientBoostingRegressor, "lin": LinearRegression}
CUT = 1e-6


def conditions(model, x, y, query):
    """Condition number of the kept part, decades to the cut, the size of the terms that make up the prediction, and how far it
    moves when y is rounded: where rows are equal but for rounding, what they predict is rounding too."""
    singular = np.linalg.svd(x - x.mean(axis=0), compute_uv=False)
    kept = singular[singular > CUT * singular[0]]
    edge = np.abs(np.log10(np.maximum(singular / singular[0], 1e-30) / CUT)).min() if singular[0] > 0 else 9.0
    scale = np.abs(query * model.coef_).sum() + np.abs(x.mean(axis=0) * model.coef_).sum()
    if len(kept) == 0:
        return 1.0, float(edge), float(scale), 0.0
    reach = np.linalg.norm(y - y.mean()) * np.linalg.norm((query - x.mean(axis=0)) / kept[-1])
    return float(kept[0] / kept[-1]), float(edge), float(scale), float(reach)


def race(stream):
    parameters = stream["parameters"]
    out = {"yhat": [], "lin_kappa": [], "lin_edge": [], "lin_scale": [], "lin_reach": []}
    window_x = np.zeros((stream["window"], stream["n"]))
    window_y = np.zeros(stream["window"])
    train = stream["train"]
    for x, y in zip(np.array(stream["x"]), stream["y"]):
        model = KINDS[stream["kind"]](**parameters).fit(window_x[:train], window_y[:train])
        out["yhat"].append(float(model.predict(x[np.newaxis, :])[0]))
        if stream["kind"] == "lin":
            kappa, edge, scale, reach = conditions(model, window_x[:train], window_y[:train], x)
            out["lin_kappa"].append(kappa)
            out["lin_edge"].append(edge)
            out["lin_scale"].append(scale)
            out["lin_reach"].append(reach)
        window_x = np.vstack([x, window_x[:-1]])
        window_y = np.append(y, window_y[:-1])
    return out


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    for line in sys.stdin:
        print(json.dumps(race(json.loads(line))), flush=True)
