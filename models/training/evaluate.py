"""Judges `work/final.pt` once on held-out episodes and writes `work/metrics.json`.

Beside the errors: how often the 90 % interval holds, and negative controls that must come out worse,
or the model is not using what it claims to use.
"""

from __future__ import annotations

import json

import numpy as np
import torch

from baselines import ArxDirect, constant_velocity, hold, windows
from calibrate import NINETY, load_model
from layout import (
    COMMAND,
    DEVICE,
    MAX_HORIZON,
    MOTION,
    QD,
    REPORTED_HORIZONS,
    TAU,
    WORK,
    Q,
    load_split,
    start_points,
)
from network import MiniWorld, open_loop

CONTEXT = 33
STRIDE = 12
# ARX is fitted on a window every so many steps of the training episodes.
ARX_STRIDE = 15
CONTROL_HORIZONS = (1, 8, 16, 32)


@torch.no_grad()
def predict(model: MiniWorld, episodes: np.ndarray, starts: list[int], actions: np.ndarray | None = None):
    """Mean and calibrated std [starts * episodes, MAX_HORIZON, 8], ordered as `baselines.windows`."""
    given = None if actions is None else torch.from_numpy(actions)
    mean, std = open_loop(model, torch.from_numpy(episodes), starts, MAX_HORIZON, given)
    return mean[..., MOTION].numpy(), (std[..., MOTION] * model.calibration).numpy()


def without_context(episodes: np.ndarray, starts: list[int]) -> np.ndarray:
    """Every start as an episode of its own, whose first row is the start."""
    return np.concatenate([episodes[:, t : t + 1 + MAX_HORIZON] for t in starts])


def rmse(error: np.ndarray) -> float:
    return float(np.sqrt(np.square(error, dtype=np.float64).mean()))


def median_size(error: np.ndarray) -> float:
    return float(np.median(np.abs(error)))


def errors_by_horizon(mean: np.ndarray, future: np.ndarray, dims: slice) -> list[float]:
    return [rmse(mean[:, k - 1, dims] - future[:, k - 1, dims]) for k in REPORTED_HORIZONS]


def arx_rows(arx: ArxDirect, past: np.ndarray, future: np.ndarray) -> dict[int, np.ndarray]:
    return {k: arx.predict(past, future, k) - future[:, k - 1, MOTION] for k in REPORTED_HORIZONS}


def coverage(mean: np.ndarray, std: np.ndarray, future: np.ndarray, dims: slice) -> list[float]:
    inside = np.abs(future[..., MOTION] - mean) <= NINETY * std
    return [float(inside[:, k - 1, dims].mean()) for k in REPORTED_HORIZONS]


def overloaded(past: np.ndarray, future: np.ndarray) -> np.ndarray:
    """Rollouts in which some servo reaches its torque limit, before or after the start."""
    limits = np.array([axis["maxEffortNm"] for axis in json.loads(DEVICE.read_text())["axes"]])
    at_limit = [(np.abs(rows[..., TAU]) >= 0.995 * limits).any((1, 2)) for rows in (past, future)]
    return at_limit[0] | at_limit[1]


def by_load(
    chosen: np.ndarray, error: np.ndarray, arx_error: dict[int, np.ndarray]
) -> dict[str, object]:
    return {
        "share": float(chosen.mean()),
        "model": [rmse(error[chosen, k - 1, Q]) for k in REPORTED_HORIZONS],
        "arxDirect": [rmse(arx_error[k][chosen][:, Q]) for k in REPORTED_HORIZONS],
    }


def judge(model: MiniWorld, arx: ArxDirect, episodes: np.ndarray) -> dict[str, object]:
    starts = start_points(episodes.shape[1], CONTEXT, STRIDE)
    past, future = windows(episodes, starts, MAX_HORIZON)
    mean, std = predict(model, episodes, starts)
    arx_error = arx_rows(arx, past, future)
    by_method = {
        "hold": hold(past, MAX_HORIZON),
        "constantVelocity": constant_velocity(past, MAX_HORIZON),
        "model": mean,
    }
    result: dict[str, object] = {"rollouts": len(past)}
    for unit, dims in (("qRmseRad", Q), ("qdRmseRadPerS", QD)):
        table = {name: errors_by_horizon(m, future, dims) for name, m in by_method.items()}
        table["arxDirect"] = [rmse(arx_error[k][:, dims]) for k in REPORTED_HORIZONS]
        result[unit] = table
    error = mean - future[..., MOTION]
    result["qMedianAbsRad"] = {
        "model": [median_size(error[:, k - 1, Q]) for k in REPORTED_HORIZONS],
        "arxDirect": [median_size(arx_error[k][:, Q]) for k in REPORTED_HORIZONS],
    }
    result["qRmsePerAxisRad"] = [
        [rmse(error[:, k - 1, axis]) for axis in range(4)] for k in REPORTED_HORIZONS
    ]
    heavy_load = overloaded(past, future)
    result["overloaded"] = by_load(heavy_load, error, arx_error)
    result["withinTorque"] = by_load(~heavy_load, error, arx_error)
    result["coverage90"] = {"q": coverage(mean, std, future, Q), "qd": coverage(mean, std, future, QD)}
    result["halfWidth90Rad"] = [float(NINETY * std[:, k - 1, Q].mean()) for k in REPORTED_HORIZONS]
    return result


def controls(model: MiniWorld, episodes: np.ndarray) -> dict[str, object]:
    """What the joint error and the 90 % coverage become when the model is told something false."""
    starts = start_points(episodes.shape[1], CONTEXT, STRIDE)
    past, future = windows(episodes, starts, MAX_HORIZON)
    true = future[..., COMMAND]
    standing = past[:, -1:, COMMAND]
    # Rows are grouped by start; the neighbouring episode at the same start lends its actions.
    groups = (len(starts), len(episodes))
    moves = np.roll((true - standing).reshape(*groups, MAX_HORIZON, 4), 1, axis=1).reshape(true.shape)
    cases = {
        "trueActions": predict(model, episodes, starts),
        "holdLastCommand": predict(model, episodes, starts, np.repeat(standing, MAX_HORIZON, 1)),
        "otherEpisodesMoves": predict(model, episodes, starts, standing + moves),
        "noContext": predict(model, without_context(episodes, starts), [0]),
    }
    table = {}
    for name, (mean, std) in cases.items():
        error = mean - future[..., MOTION]
        inside = np.abs(error) <= NINETY * std
        table[name] = {
            "qRmseRad": [rmse(error[:, k - 1, Q]) for k in CONTROL_HORIZONS],
            "coverage90": [float(inside[:, k - 1, Q].mean()) for k in CONTROL_HORIZONS],
        }
    return {"horizons": CONTROL_HORIZONS, **table}


def context_need(model: MiniWorld, episodes: np.ndarray) -> dict[str, float]:
    """Joint RMSE at k=16 after so many observed steps, always predicting the same instants."""
    at, k = 160, 16
    result = {}
    for seen in (1, 2, 4, 8, 16, 32, 64, 128):
        crop = np.ascontiguousarray(episodes[:, at - seen + 1 : at + 1 + MAX_HORIZON])
        mean, _ = predict(model, crop, [seen - 1])
        result[str(seen)] = rmse(mean[:, k - 1, Q] - episodes[:, at + k, Q])
    return result


def print_table(name: str, result: dict) -> None:
    print(f"\n{name}: {result['rollouts']} rollouts")
    print("horizon".ljust(30), *(f"{k:8d}" for k in REPORTED_HORIZONS))
    for unit in ("qRmseRad", "qdRmseRadPerS", "qMedianAbsRad", "coverage90"):
        for method, values in result[unit].items():
            print(f"{unit} {method}".ljust(30), *(f"{value:8.4f}" for value in values))


def main() -> None:
    torch.set_num_threads(1)
    model = load_model("final")
    train = load_split("train")
    arx = ArxDirect(*windows(train, start_points(train.shape[1], 9, ARX_STRIDE), MAX_HORIZON))
    test = load_split("test")
    metrics = {
        "horizons": REPORTED_HORIZONS,
        "test": judge(model, arx, test),
        "heavy": judge(model, arx, load_split("heavy")),
        "controls": controls(model, test),
        "contextStepsToRmseRad": context_need(model, test),
    }
    (WORK / "metrics.json").write_text(json.dumps(metrics, indent=1))
    for split in ("test", "heavy"):
        print_table(split, metrics[split])
    print(json.dumps(metrics["controls"], indent=1))
    print(metrics["contextStepsToRmseRad"])


if __name__ == "__main__":
    main()
