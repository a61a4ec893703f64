"""Names and sizes shared by every step of training: what a recorded row holds and where files lie.

A row is one 40 ms step: q (4), qd (4), tau (4), c (4), float32, in the device's axis order. `c` is the
position setpoint standing at that instant. Beside it: the truth about the target (4) and a picture.
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

# Of a truth row: bearing atan2(x, z) and atan2(y, z) rad, middle in the picture, age of the picture s.
BEARING = slice(0, 2)
IN_VIEW = 2
FRAME_AGE = 3
TRUTH_WIDTH = 4

PICTURE_PX = 64
PICTURE_SHAPE = (3, PICTURE_PX, PICTURE_PX)
LATENT_WIDTH = 64

STEP_S = 0.04
MAX_HORIZON = 32
REPORTED_HORIZONS = (1, 2, 4, 8, 16, 24, 32)

HERE = Path(__file__).resolve().parent
WORK = HERE / "work"
PACKAGE = HERE.parent / "embedded"
DEVICE = HERE.parent.parent / "devices" / "profiles" / "phone-mount-4dof.json"


def shape_of(name: str) -> tuple[int, int]:
    """Episodes and steps of a split."""
    meta = json.loads((WORK / f"{name}.json").read_text())
    return meta["episodes"], meta["steps"]


def load_split(name: str) -> np.ndarray:
    """Rows of one split, [episode, step, ROW_WIDTH]."""
    return np.fromfile(WORK / f"{name}.f32", np.float32).reshape(*shape_of(name), ROW_WIDTH)


def load_truth(name: str) -> np.ndarray:
    """What is true of the target, [episode, step, TRUTH_WIDTH]."""
    return np.fromfile(WORK / f"{name}.truth.f32", np.float32).reshape(*shape_of(name), TRUTH_WIDTH)


def open_pictures(name: str) -> np.ndarray:
    """Pictures, uint8 [episode, step, 3, 64, 64], read from the file as they are asked for."""
    return np.memmap(WORK / f"{name}.u8", np.uint8, "r", shape=(*shape_of(name), *PICTURE_SHAPE))


def start_points(step_count: int, context: int, stride: int) -> list[int]:
    """Rollout starts with `context` observed steps up to them and a full horizon after them."""
    return list(range(context - 1, step_count - MAX_HORIZON, stride))
