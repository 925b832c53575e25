"""The notebook's race with scikit-learn itself: one JSON stream per line in, one JSON line of predictions out.

in:  {"kind", "parameters", "window", "train", "n", "x", "y"}
out: {"yhat"}, and per record for lin also {"lin_kappa", "lin_edge", "lin_scale", "lin_reach"}, for ridge
{"ridge_kappa", "ridge_scale"}, for knn {"knn_tie"}
"""
import json
import os
import sys
import warnings

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[threads] = "1"

import numpy as np
from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.tree import DecisionTreeRegressor

KINDS = {
    "rf": RandomForestRegressor,
    "gb": GradientBoostingRegressor,
    "lin": LinearRegression,
    "ridge": Ridge,
    "knn": KNeighborsRegressor,
    "tree": DecisionTreeRegressor,
}
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


def shrunk_condition(x, alpha):
    """Condition number of the penalised equations, which scikit-learn solves as they are."""
    squares = np.linalg.svd(x - x.mean(axis=0), compute_uv=False) ** 2 + alpha
    least = alpha if x.shape[0] <= x.shape[1] else squares[-1]
    return float(squares[0] / least)


def is_tied(x, query, neighbours):
    """Whether the last row that counts and the first that does not are equally distant but for rounding."""
    distances = np.sort(((x - query) ** 2).sum(axis=1))
    if neighbours >= len(distances):
        return False
    inside, outside = distances[neighbours - 1 : neighbours + 1]
    return bool(outside - inside <= 1e-9 * ((x**2).sum(axis=1).max() + (query**2).sum()))


def race(stream):
    parameters = stream["parameters"]
    out = {"yhat": [], "lin_kappa": [], "lin_edge": [], "lin_scale": [], "lin_reach": [], "ridge_kappa": [], "ridge_scale": [], "knn_tie": []}
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
        elif stream["kind"] == "ridge":
            out["ridge_kappa"].append(shrunk_condition(window_x[:train], parameters["alpha"]))
            means = window_x[:train].mean(axis=0)
            out["ridge_scale"].append(float(((np.abs(x) + np.abs(means)) * np.abs(model.coef_)).sum()))
        elif stream["kind"] == "knn":
            out["knn_tie"].append(is_tied(window_x[:train], x, parameters["n_neighbors"]))
        window_x = np.vstack([x, window_x[:-1]])
        window_y = np.append(y, window_y[:-1])
    return out


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    for line in sys.stdin:
        print(json.dumps(race(json.loads(line))), flush=True)
