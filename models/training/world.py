"""Both halves as one model with one state, step by step: what the graphs run and what is judged.

State, `STATE` floats: joints.py's, then sight.py's. All zeros = nothing observed.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from finder import Finder
from joints import JOINT_STATE, MOTION_WINDOW, WIDTH, JointWorld
from layout import COMMAND, FRAME_AGE, MAX_HORIZON, MOTION, PROPRIO, WORK, Q
from memory import Memory
from sight import ESTIMATE, ESTIMATE_PARTS, MEMORY_STATE, SIGHT_STATE, Estimate, SightWorld
from vision import LARGE, OBSERVED_WIDTH, Decoder, Eye, Looker

STATE = JOINT_STATE + SIGHT_STATE
MAX_AGE_S = 0.2
NINETY = 1.645


class Carried(NamedTuple):
    """What a rollout carries from step to step, [N,...]."""

    z: Tensor
    motion: Tensor
    commands: Tensor
    is_first: Tensor
    delta_0: Tensor
    ring: Tensor
    delta_1: Tensor
    extra: Tensor
    point: Tensor
    drift: Tensor
    seen: Tensor
    since: Tensor
    ever: Tensor


class Step(NamedTuple):
    """What a step predicts, uncalibrated: joints [N,8], bearing [N,2], visibility [N,1], code [N,64]."""

    mean: Tensor
    std: Tensor
    bearing: Tensor
    bearing_std: Tensor
    seen: Tensor
    code: Tensor


class World(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.joints = JointWorld()
        self.sight = SightWorld()

    def observe(self, proprio: Tensor, action: Tensor, codes: Tensor, flag: Tensor, age: Tensor, state: Tensor):
        """[N,12], [N,4], [N,67], [N,1], [N,1], [N,STATE] -> [N,STATE]."""
        joints, sight = state.split([JOINT_STATE, SIGHT_STATE], 1)
        last_q = joints[:, WIDTH : WIDTH + 4]
        turned = joints[:, -1:] * (proprio[:, Q] - last_q)
        age = age.clamp(0.0, MAX_AGE_S)
        return torch.cat(
            [
                self.joints.observe(proprio, action, joints),
                self.sight.observe(proprio, turned, codes, flag, age, sight),
            ],
            1,
        )

    def begin(self, state: Tensor) -> Carried:
        sizes = [WIDTH, MOTION_WINDOW, JOINT_STATE - WIDTH - MOTION_WINDOW - 1, 1, *Memory.state_sizes]
        z, motion, commands, seen, *memory, now, _, rest = state.split([*sizes, ESTIMATE, ESTIMATE, 3], 1)
        return Carried(
            z, motion, commands, torch.ones_like(seen), *memory, *now.split(ESTIMATE_PARTS, 1), rest[:, :1], rest[:, 1:2]
        )

    def imagine(self, at: Carried, action: Tensor) -> tuple[Carried, Step]:
        before = at.motion[:, :4]
        z, motion, commands, std = self.joints.predict_step(at.z, at.motion, at.commands, at.is_first, action)
        now = motion[:, :4]
        since = (at.since + 1.0 / 32.0).clamp(max=2.0)
        memory = (at.delta_0, at.ring, at.delta_1)
        estimate = Estimate(at.extra, at.point, at.drift, at.seen)
        memory, sight = self.sight.imagine(memory, estimate, now, now - before, since, at.ever)
        after = Carried(
            z, motion, commands, torch.zeros_like(at.is_first), *memory, *sight.estimate, since, at.ever
        )
        seen = sight.estimate.seen
        return after, Step(motion[:, MOTION], std[:, MOTION], sight.bearing, sight.std, seen, sight.code)


class Prediction(NamedTuple):
    """Calibrated, [N,K,...]."""

    mean: np.ndarray
    std: np.ndarray
    bearing: np.ndarray
    bearing_std: np.ndarray
    seen: np.ndarray
    code: np.ndarray


@torch.no_grad()
def roll_out(world: World, state: Tensor, actions: Tensor) -> Prediction:
    """state [N,STATE], actions [N,K,4]."""
    at, steps = world.begin(state), []
    for action in actions.unbind(1):
        at, step = world.imagine(at, action)
        steps.append(step)
    mean, std, bearing, bearing_std, seen, code = (torch.stack(part, 1) for part in zip(*steps))
    horizon = actions.shape[1]
    std = std * world.joints.calibration[:horizon]
    bearing_std = bearing_std * world.sight.bearing_calibration[:horizon]
    return Prediction(*(part.numpy() for part in (mean, std, bearing, bearing_std, seen, code)))


@torch.no_grad()
def states_at(world: World, rows: Tensor, codes: Tensor, flags: Tensor, ages: Tensor, starts: list[int]) -> Tensor:
    """Observes episodes [B,T,...] from an empty state -> states after the rows `starts`, [starts*B, STATE]."""
    state = torch.zeros(len(rows), STATE)
    kept = []
    for t in range(max(starts) + 1):
        row = rows[:, t]
        state = world.observe(row[:, PROPRIO], row[:, COMMAND], codes[:, t] * flags[:, t], flags[:, t], ages[:, t], state)
        if t in starts:
            kept.append(state)
    return torch.cat(kept)


def seen_part(codes: np.ndarray, truth: np.ndarray) -> tuple[Tensor, Tensor, Tensor]:
    """Codes [B,T,67], flags and ages [B,T,1] with every picture shown."""
    age = torch.from_numpy(truth[..., FRAME_AGE : FRAME_AGE + 1].copy())
    return torch.from_numpy(codes), (age >= 0).float(), age.clamp(min=0.0)


def load_codes(split: str, shape: tuple[int, ...]) -> np.ndarray:
    return np.fromfile(WORK / f"{split}.z.f32", np.float32).reshape(*shape, OBSERVED_WIDTH)


def load_world(joints: str, sight: str) -> World:
    world = World()
    world.joints.load_state_dict(torch.load(WORK / f"{joints}.pt")["weights"])
    world.sight.load_state_dict(torch.load(WORK / f"{sight}.pt")["weights"])
    return world.eval()


def load_looker() -> Looker:
    encoder, finder = Eye().encoder, Finder()
    weights = torch.load(WORK / "eye.pt")["weights"]
    encoder.load_state_dict({name[8:]: part for name, part in weights.items() if name.startswith("encoder.")})
    finder.load_state_dict(torch.load(WORK / "finder.pt")["weights"])
    return Looker(encoder, finder).eval()


def load_decoder() -> Decoder:
    decoder = Decoder(LARGE)
    decoder.load_state_dict(torch.load(WORK / "decoder.pt")["weights"])
    return decoder.eval()


assert MEMORY_STATE + 2 * ESTIMATE + 3 == SIGHT_STATE and MAX_HORIZON == 32
