"""Picks the better seed of each half on val and fits the deviation tables: `calibrate.py --joints joints1,joints2 --sight sight1,sight2`.

One factor per horizon and dimension, so that 90 % of val errors lie within 1.645 deviations, with both
halves running as one. Writes `work/final.pt`.
"""

from __future__ import annotations

import argparse

import numpy as np
import torch

from layout import BEARING, IN_VIEW, MAX_HORIZON, MOTION, WORK, COMMAND, load_split, load_truth
from train_sight import MAX_BEARING_RAD
from world import NINETY, World, load_codes, load_world, roll_out, seen_part, states_at

# From soon after a reset up to a long context, as in use.
STARTS = [2, 5, 10, *range(16, 224, 8)]


def score(name: str) -> float:
    """At the end of training; lower is better."""
    return torch.load(WORK / f"{name}.pt")["history"][-1]["score"]


def future_of(part: np.ndarray, starts: list[int], horizon: int = MAX_HORIZON) -> np.ndarray:
    """[B,T,...] -> [starts*B, horizon, ...], starts varying slowest."""
    return np.concatenate([part[:, t + 1 : t + 1 + horizon] for t in starts])


def bearing_mask(truth: np.ndarray, starts: list[int]) -> np.ndarray:
    """[starts*B, horizon]: the target was in view at the start and is still well in front."""
    bearing = future_of(truth, starts)[..., BEARING]
    at_start = np.concatenate([truth[:, t, IN_VIEW] for t in starts]) > 0.5
    return (np.abs(bearing) < MAX_BEARING_RAD).all(-1) & at_start[:, None]


def calibrate(world: World, split: str) -> None:
    rows, truth = load_split(split), load_truth(split)
    codes = load_codes(split, truth.shape[:2])
    state = states_at(world, torch.from_numpy(rows), *seen_part(codes, truth), STARTS)
    future = future_of(rows, STARTS)
    predicted = roll_out(world, state, torch.from_numpy(future[..., COMMAND]))
    ratio = np.abs(future[..., MOTION] - predicted.mean) / predicted.std
    world.joints.calibration.copy_(torch.from_numpy(np.quantile(ratio, 0.9, axis=0) / NINETY))
    off = np.abs(future_of(truth, STARTS)[..., BEARING] - predicted.bearing) / predicted.bearing_std
    off[~bearing_mask(truth, STARTS)] = np.nan
    world.sight.bearing_calibration.copy_(torch.from_numpy(np.nanquantile(off, 0.9, axis=0) / NINETY))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--joints", default="joints1")
    parser.add_argument("--sight", default="sight1")
    options = parser.parse_args()
    torch.set_num_threads(1)
    joints, sight = (min(names.split(","), key=score) for names in (options.joints, options.sight))
    world = load_world(joints, sight)
    calibrate(world, "val")
    runs = {name: torch.load(WORK / f"{name}.pt") for name in (joints, sight)}
    facts = {name: {"options": run["options"], "last": run["history"][-1]} for name, run in runs.items()}
    torch.save({"weights": world.state_dict(), "joints": joints, "sight": sight, "runs": facts}, WORK / "final.pt")
    for name, table in (("joints", world.joints.calibration), ("bearing", world.sight.bearing_calibration)):
        print(f"{name}: factors {float(table.min()):.2f} to {float(table.max()):.2f}")
    print(f"{joints} and {sight}")


def load_final() -> World:
    world = World()
    world.load_state_dict(torch.load(WORK / "final.pt")["weights"])
    return world.eval()


if __name__ == "__main__":
    main()
