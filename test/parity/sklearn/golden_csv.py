"""Writes test/parity/golden/csv_rows.json: small CSV files, random and often faulty, and their rows as Python's csv module reads them.

python3 test/parity/sklearn/golden_csv.py
"""
import csv
import io
import json
import pathlib
import random

FILES = 400
NOTES = ["", "a", "b c", '"a,b"', '"x\ny"', '"say ""so"""', '"x\r\ny"', "a'b", 'a"b', '"a"b', '"open', "é", '""', "1,2"]
NUMBERS = ["0", "1.5", "-2", "1e-3", "12345678901234567890", "0.1", "-0", '"7"']


def text(rng: random.Random) -> str:
    end = rng.choice(["\n", "\r\n", "\r"])
    faulty = rng.random() < 0.5
    notes = NOTES if faulty else [note for note in NOTES if note not in ('a"b', '"a"b', '"open', "1,2")]
    rows = ["s,y,x,note"]
    for _ in range(rng.randint(1, 6)):
        rows.append(",".join([rng.choice(["p", '"q,r"', "s"]), rng.choice(NUMBERS), rng.choice(NUMBERS), rng.choice(notes)]))
        if rng.random() < 0.1:
            rows.append("")
    return end.join(rows) + rng.choice(["", end])


def main() -> None:
    rng = random.Random(16)
    files = []
    for _ in range(FILES):
        content = text(rng)
        rows = [row for row in csv.reader(io.StringIO(content, newline="")) if row][1:]
        files.append({"text": content, "rows": rows})
    target = pathlib.Path(__file__).parents[1] / "golden" / "csv_rows.json"
    target.write_text("[\n" + ",\n".join(json.dumps(file, ensure_ascii=False) for file in files) + "\n]\n", encoding="utf-8")


main()
