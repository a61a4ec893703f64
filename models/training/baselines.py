"""What the model must beat: holding still, constant velocity, and a linear model fitted per horizon.

The linear one ("ARX direct") sees the last 8 observations and every future setpoint up to the
horizon and is fitted by least squares for each horizon on its own: nothing linear in these inputs
can do better.
"""

from __future__ import annotations

import numpy as np

from layout import COMMAND, Q, QD, REPORTED_HORIZONS, STEP_S, TAU

LAG_STEPS = 8


def windows(episodes: np.ndarray, starts: list[int], horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """Past rows [N,LAG_STEPS,16] up to each start and future rows [N,horizon,16] after it."""
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


class ArxDirect:
    """One linear map per reported horizon, from float64 normal equations with a tiny ridge."""

    def __init__(self, past: np.ndarray, future: np.ndarray) -> None:
        self.maps = {k: self._fit(past, future, k) for k in REPORTED_HORIZONS}

    @staticmethod
    def features(past: np.ndarray, future: np.ndarray, k: int) -> np.ndarray:
        now = past[:, -1:, Q]
        parts = [
            past[:, :-1, Q] - now,
            past[..., QD],
            past[..., TAU],
            past[..., COMMAND] - now,
            future[:, :k, COMMAND] - now,
            now,
        ]
        flat = [part.reshape(len(past), -1) for part in parts]
        return np.concatenate([*flat, np.ones((len(past), 1), np.float32)], 1)

    @classmethod
    def _fit(cls, past: np.ndarray, future: np.ndarray, k: int) -> np.ndarray:
        x = cls.features(past, future, k).astype(np.float64)
        y = future[:, k - 1, :8].astype(np.float64)
        y[:, Q] -= past[:, -1, Q]
        scale = x.std(0) + 1e-6
        x /= scale
        gram = x.T @ x
        gram[np.diag_indices_from(gram)] += 1e-7 * len(x)
        return np.linalg.solve(gram, x.T @ y) / scale[:, None]

    def predict(self, past: np.ndarray, future: np.ndarray, k: int) -> np.ndarray:
        """State at step k, [N,8]."""
        y = (self.features(past, future, k) @ self.maps[k]).astype(np.float32)
        y[:, Q] += past[:, -1, Q]
        return y
