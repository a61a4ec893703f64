"""What the model must beat: holding still, constant velocity, and a linear model fitted per horizon.

The linear one ("ARX direct") sees the last 8 observations and every future setpoint up to the
horizon and is fitted by least squares for each horizon on its own: nothing linear in these inputs
can do better. For the target's bearing it is given the last 8 bearings beside the joints: those the finder read
from the pictures, or the exact ones, which nobody has.
"""

from __future__ import annotations

import numpy as np

from layout import BEARING, COMMAND, Q, QD, REPORTED_HORIZONS, STEP_S, TAU

LAG_STEPS = 8


def windows(episodes: np.ndarray, starts: list[int], horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """Past rows [N,LAG_STEPS,...] up to each start and future rows [N,horizon,...] after it."""
    past = np.concatenate([episodes[:, t - LAG_STEPS + 1 : t + 1] for t in starts])
    future = np.concatenate([episodes[:, t + 1 : t + 1 + horizon] for t in starts])
    return past, future


def hold(past: np.ndarray, horizon: int) -> np.ndarray:
    out = np.zeros((len(past), horizon, 8), np.float32)
    out[..., Q] = past[:, -1:, Q]
    return out


def constant_velocity(past: np.ndarray, horizon: int) -> np.ndarray:
    steps = np.arange(1, horizon + 1, dtype=np.float32)[None, :, None] * STEP_S
    out = np.empty((len(past), horizon, 8), np.float32)
    out[..., Q] = past[:, -1:, Q] + steps * past[:, -1:, QD]
    out[..., QD] = past[:, -1:, QD]
    return out


def hold_bearing(past: np.ndarray, horizon: int) -> np.ndarray:
    return np.repeat(past[:, -1:, BEARING], horizon, 1)


def constant_turn(past: np.ndarray, horizon: int) -> np.ndarray:
    steps = np.arange(1, horizon + 1, dtype=np.float32)[None, :, None]
    return past[:, -1:, BEARING] + steps * (past[:, -1:, BEARING] - past[:, -2:-1, BEARING])


class Direct:
    """One linear map per reported horizon, from float64 normal equations with a tiny ridge."""

    def __init__(self) -> None:
        self.maps: dict[int, np.ndarray] = {}

    def fit_at(self, k: int, x: np.ndarray, y: np.ndarray) -> None:
        x = x.astype(np.float64)
        scale = x.std(0) + 1e-6
        x /= scale
        gram = x.T @ x
        gram[np.diag_indices_from(gram)] += 1e-7 * len(x)
        self.maps[k] = np.linalg.solve(gram, x.T @ y.astype(np.float64)) / scale[:, None]

    @staticmethod
    def joined(parts: list[np.ndarray]) -> np.ndarray:
        count = len(parts[0])
        return np.concatenate([*(p.reshape(count, -1) for p in parts), np.ones((count, 1), np.float32)], 1)


class ArxDirect(Direct):
    """Joints: state at step k, [N,8]."""

    def __init__(self, past: np.ndarray, future: np.ndarray) -> None:
        super().__init__()
        for k in REPORTED_HORIZONS:
            y = future[:, k - 1, :8].copy()
            y[:, Q] -= past[:, -1, Q]
            self.fit_at(k, self.features(past, future, k), y)

    @classmethod
    def features(cls, past: np.ndarray, future: np.ndarray, k: int) -> np.ndarray:
        now = past[:, -1:, Q]
        moved = past[:, :-1, Q] - now
        return cls.joined(
            [moved, past[..., QD], past[..., TAU], past[..., COMMAND] - now, future[:, :k, COMMAND] - now, now]
        )

    def predict(self, past: np.ndarray, future: np.ndarray, k: int) -> np.ndarray:
        y = (self.features(past, future, k) @ self.maps[k]).astype(np.float32)
        y[:, Q] += past[:, -1, Q]
        return y


class BearingArx(Direct):
    """Bearing at step k, [N,2]; `mask` [N,horizon] says which windows count."""

    def __init__(self, past, future, seen_past, seen_future, mask) -> None:
        super().__init__()
        for k in REPORTED_HORIZONS:
            ok = mask[:, k - 1]
            x = self.features(past[ok], future[ok], seen_past[ok], k)
            self.fit_at(k, x, seen_future[ok, k - 1, BEARING] - seen_past[ok, -1, BEARING])

    @classmethod
    def features(cls, past: np.ndarray, future: np.ndarray, seen: np.ndarray, k: int) -> np.ndarray:
        bearing = np.clip(seen[..., BEARING], -1.4, 1.4)
        return cls.joined([ArxDirect.features(past, future, k)[:, :-1], bearing])

    def predict(self, past: np.ndarray, future: np.ndarray, seen: np.ndarray, k: int) -> np.ndarray:
        change = self.features(past, future, seen, k) @ self.maps[k]
        return (seen[:, -1, BEARING] + change).astype(np.float32)
