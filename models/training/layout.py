"""Names and sizes shared by every step of training: what a recorded row holds and where files lie.

A row is one 40 ms step: q (4), qd (4), tau (4), c (4), float32, in the device's axis order. `c` is the
position setpoint standing at that instant.
"""

import json
from pathlib import Path

import numpy as np

AXES = ("deploy", "yaw", "roll", "pitch")
Q = slice(0, 4)
QD = slice(4, 8)
TAU = slice(8, 12)
MOTION = slice(0, 8)
PROPRIO = slice(0, 12)
COMMAND = slice(12, 16)
ROW_WIDTH = 16

STEP_S = 0.04
MAX_HORIZON = 32
REPORTED_HORIZONS = (1, 2, 4, 8, 16, 24, 32)

HERE = Path(__file__).resolve().parent
WORK = HERE / "work"
PACKAGE = HERE.parent / "embedded"
DEVICE = HERE.parent.parent / "devices" / "profiles" / "phone-mount-4dof.json"
SPLITS = ("train", "val", "test", "heavy")


def load_split(name: str) -> np.ndarray:
    """Episodes of one split, shape [episode, step, ROW_WIDTH]."""
    meta = json.loads((WORK / f"{name}.json").read_text())
    data = np.fromfile(WORK / f"{name}.f32", dtype=np.float32)
    return data.reshape(meta["episodes"], meta["steps"], ROW_WIDTH)


def start_points(step_count: int, context: int, stride: int) -> list[int]:
    """Rollout starts with `context` observed steps up to them and a full horizon after them."""
    return list(range(context - 1, step_count - MAX_HORIZON, stride))
