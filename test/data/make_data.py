"""Writes diabetes.csv and co2.csv as their packages have them, value for value; see README.md beside this file.
`pip install scikit-learn==1.9.1 statsmodels==0.15.0`, then `python test/data/make_data.py test/data`
"""
import csv
import importlib.resources
import pathlib
import sys

from sklearn.datasets import load_diabetes

folder = pathlib.Path(sys.argv[1])


def write(name, head, rows):
    with open(folder / name, "w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([head, *rows])


patients = load_diabetes(scaled=False)
numbers = [[*x, y] for x, y in zip(patients.data.tolist(), patients.target.tolist())]
write("diabetes.csv", [*patients.feature_names, "progression"], [[f"{value:.15g}" for value in row] for row in numbers])

source = importlib.resources.files("statsmodels") / "datasets" / "co2" / "co2.csv"
_, *weeks = csv.reader(source.read_text().splitlines())
write("co2.csv", ["date", "co2"], [[f"{day[:4]}-{day[4:6]}-{day[6:]}", co2] for day, co2 in weeks])
