"""What if: choosing among 24 futures of the same moment by the predicted cost of keeping the target centred.

The futures of a moment start from the same simulator state, to the bit, and differ in their commands alone.
Writes `work/counterfactual.json`.
"""

from __future__ import annotations

import json

import numpy as np
import torch

from baselines import ArxDirect, BearingArx, windows
from calibrate import bearing_mask, load_final
from evaluate import ranks, sightings
from layout import BEARING, COMMAND, FRAME_AGE, MAX_HORIZON, Q, WORK, load_split, load_truth, open_pictures
from world import load_codes, load_looker, roll_out, seen_part, states_at

COST_STEPS = (4, 8, 16, 24, 32)
# A target this far off or further costs the same: it is out of sight.
WORST_RAD = 1.2
ARX_STRIDE = 15


def cost_of(bearings: np.ndarray) -> np.ndarray:
    """[N,len(COST_STEPS),2] -> mean angle off the middle, rad [N]."""
    return np.minimum(np.sqrt(np.square(bearings).sum(-1)), WORST_RAD).mean(1)


def fitted() -> tuple[BearingArx, ArxDirect]:
    rows, truth = load_split("train"), load_truth("train")
    starts = list(range(8, 224, ARX_STRIDE))
    past, future = windows(rows, starts, MAX_HORIZON)
    sighted, _ = windows(sightings(load_codes("train", truth.shape[:2]), truth), starts, MAX_HORIZON)
    _, seen_future = windows(truth, starts, MAX_HORIZON)
    return BearingArx(past, future, sighted, seen_future, bearing_mask(truth, starts)), ArxDirect(past, future)


@torch.no_grad()
def main() -> None:
    torch.set_num_threads(1)
    meta = json.loads((WORK / "branch.json").read_text())
    count, at = meta["branches"]["count"], meta["branches"]["step"]
    rows, truth, pictures = load_split("branch"), load_truth("branch"), open_pictures("branch")
    same = rows[:, : at + 1].reshape(-1, count, at + 1, 16)
    assert (same == same[:, :1]).all(), "the futures do not share their past"
    looker = load_looker()
    codes = np.stack([looker(torch.from_numpy(np.array(pictures[e, : at + 1]))).numpy() for e in range(0, len(rows), count)])
    groups = len(codes)
    first = rows[::count, : at + 1].copy(), truth[::count, : at + 1].copy()
    codes[first[1][..., FRAME_AGE] < 0] = 0.0
    state = states_at(load_final(), torch.from_numpy(first[0]), *seen_part(codes, first[1]), [at])
    future = rows[:, at + 1 : at + 1 + MAX_HORIZON]
    made = roll_out(load_final(), state.repeat_interleave(count, 0), torch.from_numpy(future[..., COMMAND].copy()))
    steps = [k - 1 for k in COST_STEPS]
    true = cost_of(truth[:, at + 1 :][:, steps][..., BEARING]).reshape(groups, count)
    predicted = cost_of(made.bearing[:, steps]).reshape(groups, count)
    arx, joint_arx = fitted()
    past = rows[:, at - 7 : at + 1]
    sighted = np.repeat(sightings(codes, first[1]), count, 0)[:, at - 7 : at + 1]
    linear = np.stack([arx.predict(past, future, sighted, k) for k in COST_STEPS], 1)
    by_arx = cost_of(linear).reshape(groups, count)
    line = np.arange(groups)
    rank = lambda guess: float(np.mean([np.corrcoef(ranks(g), ranks(t))[0, 1] for g, t in zip(guess, true)]))

    def explained(guess: np.ndarray, k: int) -> float:
        """Share of what differs between the futures of a moment, joint positions."""
        def within(part: np.ndarray) -> np.ndarray:
            part = part.reshape(groups, count, -1)
            return part - part.mean(1, keepdims=True)

        target = within(future[:, k - 1, Q])
        return float(1 - np.square(within(guess) - target).sum() / np.square(target).sum())

    result = {
        "moments": groups,
        "candidates": count,
        "costRad": {
            "best possible": float(true.min(1).mean()),
            "model": float(true[line, predicted.argmin(1)].mean()),
            "arxDirect": float(true[line, by_arx.argmin(1)].mean()),
            "random": float(true.mean()),
        },
        "rankCorrelation": {"model": rank(predicted), "arxDirect": rank(by_arx)},
        "jointsExplained": {
            "steps": [4, 8, 16],
            "model": [explained(made.mean[:, k - 1, Q], k) for k in (4, 8, 16)],
            "arxDirect": [explained(joint_arx.predict(past, future, k)[:, Q], k) for k in (4, 8, 16)],
        },
    }
    visible = truth[::count, at, 2] > 0.5
    result["costRadTargetInView"] = {
        name: float(values[visible].mean())
        for name, values in {
            "best possible": true.min(1),
            "model": true[line, predicted.argmin(1)],
            "arxDirect": true[line, by_arx.argmin(1)],
            "random": true.mean(1),
        }.items()
    } | {"moments": int(visible.sum())}
    (WORK / "counterfactual.json").write_text(json.dumps(result, indent=1))
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
