"""Where the camera is for given joints, as a fixed linear map of products of sines and cosines.

Every coordinate of a chain of revolute joints is a sum of products with one factor out of 1, sin, cos
per joint; the 81 coefficients follow exactly from the device description. One Gemm in the graph.
"""

from __future__ import annotations

import json

import numpy as np
import torch
from torch import Tensor

from layout import DEVICE

POSE_WIDTH = 12


def rotation_of(xyzw: list[float]) -> np.ndarray:
    x, y, z, w = np.asarray(xyzw) / np.linalg.norm(xyzw)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def turn_about(axis: list[float], angle: float) -> np.ndarray:
    half = np.sin(angle / 2) * np.asarray(axis) / np.linalg.norm(axis)
    return rotation_of([*half, np.cos(angle / 2)])


def camera_pose(device: dict, q: np.ndarray) -> np.ndarray:
    """Position 3, world-from-camera rotation 9 row-major; x right, y down, z forward."""
    order = {axis["name"]: index for index, axis in enumerate(device["axes"])}
    at, turned = np.zeros(3), np.eye(3)
    for joint in device["chain"]:
        at = at + turned @ joint["translationM"]
        turned = turned @ rotation_of(joint["fixedXyzw"]) @ turn_about(joint["axis"], q[order[joint["axisName"]]])
    camera = device["camera"]
    at = at + turned @ camera["translationM"]
    return np.concatenate([at, (turned @ rotation_of(camera["fixedXyzw"])).ravel()])


def products(q: Tensor) -> Tensor:
    """[N,4] -> [N,81]."""
    sine, cosine = torch.sin(q), torch.cos(q)
    one = torch.ones_like(sine)
    factors = torch.stack([one, sine, cosine], 2)
    a, b, c, d = (factors[:, joint] for joint in range(4))
    ab = (a[:, :, None] * b[:, None, :]).reshape(-1, 9)
    cd = (c[:, :, None] * d[:, None, :]).reshape(-1, 9)
    return (ab[:, :, None] * cd[:, None, :]).reshape(-1, 81)


def pose_coefficients() -> Tensor:
    """[81, POSE_WIDTH], from as many poses as it takes."""
    device = json.loads(DEVICE.read_text())
    q = np.random.default_rng(0).uniform(-3, 3, (400, 4))
    poses = np.stack([camera_pose(device, each) for each in q])
    known = products(torch.from_numpy(q)).numpy()
    solution, *_ = np.linalg.lstsq(known, poses, rcond=None)
    assert np.abs(known @ solution - poses).max() < 1e-9
    solution[np.abs(solution) < 1e-9] = 0.0
    return torch.from_numpy(solution).float()


def to_world(pose: Tensor, seen: Tensor) -> Tensor:
    """A vector in the camera's frame, [...,3], as a point of the world."""
    turn = pose[..., 3:].reshape(*pose.shape[:-1], 3, 3)
    return pose[..., :3] + (turn @ seen[..., None])[..., 0]


def to_camera(pose: Tensor, point: Tensor) -> Tensor:
    """A point of the world, [...,3], as a vector in the camera's frame."""
    turn = pose[..., 3:].reshape(*pose.shape[:-1], 3, 3)
    return ((point - pose[..., :3])[..., None, :] @ turn)[..., 0, :]


def bearing_of(seen: Tensor) -> Tensor:
    """atan2(x, z), atan2(y, z) by half the angle: opset 17 has no Atan2."""
    across, ahead = seen[..., :2], seen[..., 2:]
    length = torch.sqrt(across.square() + ahead.square() + 1e-9)
    # Behind the camera the sum goes to 0; the floor keeps the quotient finite.
    return 2.0 * torch.atan(across / (length + ahead).clamp(min=1e-4))
