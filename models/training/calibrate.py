"""Picks the better seed on val and fits the deviation table: `calibrate.py seed1 seed2`.

One factor per horizon and dimension, so that 90 % of val errors lie within 1.645 deviations. Writes
`work/final.pt`.
"""

from __future__ import annotations

import argparse

import numpy as np
import torch

from layout import MAX_HORIZON, MOTION, WORK, load_split, start_points
from network import MiniWorld, open_loop

NINETY = 1.645


def load_model(name: str) -> MiniWorld:
    saved = torch.load(WORK / f"{name}.pt")
    model = MiniWorld(saved["options"]["width"])
    model.load_state_dict(saved["weights"])
    return model.eval()


def score(name: str) -> float:
    """Mean log joint RMSE over horizons at the end of training; lower is better."""
    return torch.load(WORK / f"{name}.pt")["history"][-1]["score"]


@torch.no_grad()
def calibrate(model: MiniWorld, val: np.ndarray) -> None:
    # From a fresh state up to a long context, as in use.
    starts = [0, 2, 5, 10, *start_points(val.shape[1], 16, 7)]
    rows = torch.from_numpy(val)
    mean, std = open_loop(model, rows, starts, MAX_HORIZON)
    truth = torch.cat([rows[:, t + 1 : t + 1 + MAX_HORIZON, MOTION] for t in starts])
    ratio = (truth - mean[..., MOTION]).abs() / std[..., MOTION]
    model.calibration.copy_(torch.from_numpy(np.quantile(ratio.numpy(), 0.9, axis=0) / NINETY))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="+")
    names = parser.parse_args().names
    torch.set_num_threads(1)
    best = min(names, key=score)
    model = load_model(best)
    calibrate(model, load_split("val"))
    saved = torch.load(WORK / f"{best}.pt")
    saved |= {"weights": model.state_dict(), "chosen": {name: score(name) for name in names}}
    torch.save(saved, WORK / "final.pt")
    table = model.calibration.numpy()
    print(f"{best} of {names}; factors {table.min():.2f} to {table.max():.2f}")


if __name__ == "__main__":
    main()
