"""The mean of the weights of runs that went on from one another: `average_joints.py OUT RUN RUN`.

The runs lie in one valley; their mean is better than either, most of all where errors are rare and large.
"""

from __future__ import annotations

import argparse

import torch

from layout import WORK


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out")
    parser.add_argument("runs", nargs="+")
    options = parser.parse_args()
    runs = [torch.load(WORK / f"{name}.pt") for name in options.runs]
    weights = {
        name: torch.stack([run["weights"][name] for run in runs]).mean(0) for name in runs[-1]["weights"]
    }
    torch.save({**runs[-1], "weights": weights, "meanOf": options.runs}, WORK / f"{options.out}.pt")


if __name__ == "__main__":
    main()
