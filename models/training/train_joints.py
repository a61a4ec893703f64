"""Trains the joint half on recorded episodes: `train_joints.py --seed 1`.

Every loss is open loop: the filter reads an episode, rollouts start at random steps of it and run on
their own mean under the recorded setpoints. The horizon grows 4 -> 8 -> 16 -> 32. The schedule counts
iterations, never seconds, and one thread computes, so the same seed gives the same weights.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import sys
import time

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import huber_loss

from joints import (
    COMMAND_LAGS,
    COMMAND_WINDOW,
    FEATURES,
    MOTION_LAGS,
    MOTION_WINDOW,
    PROPRIO_WIDTH,
    JointWorld,
    delayed,
    open_loop,
)
from layout import COMMAND, DEVICE, MAX_HORIZON, MOTION, PROPRIO, TAU, WORK, Q, load_split, start_points

# Reference BLAS reaches 6, OpenBLAS 175, and 40 between busy neighbours.
MIN_GFLOPS = 20
WARM_UP = 200
REPORT_EVERY = 250
# Torque is predicted only to feed the next step; it is no output.
TORQUE_WEIGHT = 0.25
# One rollout of each episode starts within so many steps of its first, as after a reset.
FRESH_STEPS = 4
# Exponent of the deviation that weights the likelihood: 0 is the plain likelihood.
BETA = 0.5
# The first steps weigh more than later ones, by up to 1 + FIRST: there a linear map is hard to beat.
FIRST = 5.0
# Share of the run up to which a horizon is used.
CURRICULUM = ((0.06, 4), (0.15, 8), (0.45, 16), (1.0, 32))


def check_matmul_speed() -> None:
    """Debian's torch on reference BLAS is 30 times slower than on OpenBLAS: refuse it."""
    a = torch.randn(1024, 1024)
    best = math.inf
    for _ in range(5):
        start = time.perf_counter()
        a @ a
        best = min(best, time.perf_counter() - start)
    gflops = 2 * 1024**3 / best / 1e9
    if gflops < MIN_GFLOPS:
        sys.exit(
            f"1024x1024 matmul runs at {gflops:.0f} GFLOP/s, expected over {MIN_GFLOPS}: "
            "install libopenblas0-pthread (Debian's torch uses whatever libblas.so.3 is)"
        )


def fit_scales(model: JointWorld, train: np.ndarray) -> None:
    """Normalisation from the data, and the linear one-step map by least squares."""
    rows = torch.from_numpy(train)
    proprio, action = rows[..., PROPRIO], rows[..., COMMAND]
    model.proprio_mean.copy_(proprio.mean((0, 1)))
    model.proprio_std.copy_(proprio.std((0, 1)))
    model.step_scale.copy_((proprio[:, 1:] - proprio[:, :-1]).std((0, 1)))
    model.change_scale.copy_(model.step_scale.repeat(MOTION_LAGS - 1))
    model.move_scale.copy_((action[:, 1:] - action[:, :-1]).std((0, 1)).repeat(COMMAND_LAGS - 1))
    model.lead_scale.copy_((action - proprio[..., Q]).std((0, 1)))

    gram = torch.zeros(FEATURES + 1, FEATURES + 1, dtype=torch.float64)
    cross = torch.zeros(FEATURES + 1, PROPRIO_WIDTH, dtype=torch.float64)
    parts = [known_and_change(model, part) for part in rows.split(500)]
    for features, change in parts:
        gram += (features.T @ features).double()
        cross += (features.T @ change).double()
    count = sum(len(features) for features, _ in parts)
    gram += 1e-7 * count * torch.eye(len(gram), dtype=torch.float64)
    solution = torch.linalg.solve(gram, cross).float()
    residual = torch.cat([features @ solution - change for features, change in parts]).std(0)
    with torch.no_grad():
        model.linear.weight.copy_(solution[:-1].T)
        model.linear.bias.copy_(solution[-1])
        model.std_head.bias.copy_(torch.log(residual + 1e-3))
    model.arx_weight.copy_(solution[:-1].T)
    model.arx_bias.copy_(solution[-1])
    model.arx_residual.copy_(residual)


@torch.no_grad()
def known_and_change(model: JointWorld, rows: Tensor) -> tuple[Tensor, Tensor]:
    """What each step knew, with a 1 behind it, and the scaled change that followed."""
    proprio, action = rows[..., PROPRIO], rows[..., COMMAND]
    known = slice(COMMAND_LAGS, -1)
    motion = delayed(proprio, MOTION_LAGS)[:, known].reshape(-1, MOTION_WINDOW)
    following = delayed(action, COMMAND_LAGS)[:, COMMAND_LAGS + 1 :].reshape(-1, COMMAND_WINDOW)
    change = (proprio[:, COMMAND_LAGS + 1 :] - proprio[:, known]) / model.step_scale
    features = model.features(motion, following)
    return (
        torch.cat([features, torch.ones_like(features[:, :1])], 1),
        change.reshape(-1, PROPRIO_WIDTH),
    )


class Batches:
    """Random crops of random episodes, and random rollout starts inside them.

    A share of the crops has a servo at its torque limit: there futures part, and errors are largest.
    """

    def __init__(self, train: np.ndarray, options: argparse.Namespace) -> None:
        self.rows = torch.from_numpy(train)
        self.batch, self.crop, self.starts = options.batch, options.crop, options.starts
        self.strained_share = options.strained
        limits = np.array([axis["maxEffortNm"] for axis in json.loads(DEVICE.read_text())["axes"]], np.float32)
        strained = (np.abs(train[..., TAU]) >= 0.97 * limits).any(-1)
        self.strained = torch.from_numpy(np.argwhere(strained))
        self.random = torch.Generator().manual_seed(options.seed)

    def draw(self, horizon: int) -> tuple[Tensor, list[int]]:
        episodes, steps = self.rows.shape[:2]
        length = min(steps, self.crop + horizon)
        which = torch.randint(episodes, (self.batch,), generator=self.random)
        offset = torch.randint(steps - length + 1, (self.batch,), generator=self.random)
        if self.strained_share > 0:
            at = self.strained[torch.randint(len(self.strained), (self.batch,), generator=self.random)]
            before = torch.randint(length, (self.batch,), generator=self.random)
            chosen = torch.rand(self.batch, generator=self.random) < self.strained_share
            which = torch.where(chosen, at[:, 0], which)
            offset = torch.where(chosen, (at[:, 1] - before).clamp(0, steps - length), offset)
        index = offset[:, None] + torch.arange(length)
        at = torch.randperm(length - horizon, generator=self.random)[: self.starts]
        # One start soon after a reset: without it the first predictions of a session are wild.
        at[0] = torch.randint(FRESH_STEPS, (1,), generator=self.random)
        return self.rows[which[:, None], index], at.tolist()


def loss_of(model: JointWorld, rows: Tensor, starts: list[int], horizon: int, huber: float) -> Tensor:
    """Gaussian NLL, plus the error relative to the batch's at that horizon.

    For the mean the likelihood is weighted by its own deviation: a plain one spends itself on joints at
    rest, whose deviation shrinks without end, and the second term keeps fast and saturated motion
    accurate. The deviation itself follows the plain likelihood, or it would tell quiet from lively badly.
    """
    mean, std = open_loop(model, rows, starts, horizon)
    truth = torch.cat([rows[:, t + 1 : t + 1 + horizon, PROPRIO] for t in starts])
    error = truth - mean
    weight = std.detach().pow(2 * BETA)
    weight = weight / weight.mean(0, keepdim=True)
    nll = torch.log(std / model.step_scale) + 0.5 * (error.detach() / std).square().clamp(max=400.0)
    nll = nll + 0.5 * weight * (error / std.detach()).square().clamp(max=400.0)
    size = error.detach().square().mean(0, keepdim=True).sqrt() + 0.01 * model.step_scale
    relative = huber_loss(error / size, torch.zeros_like(error), reduction="none", delta=huber)
    per_output = torch.ones(PROPRIO_WIDTH)
    per_output[TAU] = TORQUE_WEIGHT
    per_step = 1.0 + FIRST * torch.exp(-torch.arange(horizon, dtype=torch.float32))
    per_step = (per_step / per_step.mean())[:, None]
    return ((nll + relative) * per_output * per_step).mean()


def horizon_at(progress: float) -> int:
    return next(k for until, k in CURRICULUM if progress <= until)


@torch.no_grad()
def validate(model: JointWorld, val: Tensor) -> dict[str, float]:
    starts = start_points(val.shape[1], 33, 16)
    mean, std = open_loop(model, val, starts, MAX_HORIZON)
    truth = torch.cat([val[:, t + 1 : t + 1 + MAX_HORIZON, PROPRIO] for t in starts])
    error = truth - mean
    q_rmse = error[..., Q].square().mean((0, 2)).sqrt()
    nll = torch.log(std) + 0.5 * (error / std).square()
    return {
        **{f"q{k}": float(q_rmse[k - 1]) for k in (1, 2, 4, 8, 16, 32)},
        "score": float(q_rmse.log().mean()),
        "nll": float(nll[..., MOTION].median()),
    }


class Training:
    """The model being trained and the slow average of it, which is what is kept."""

    def __init__(self, options: argparse.Namespace, train: np.ndarray) -> None:
        self.options = options
        self.model = JointWorld()
        if options.start:
            self.model.load_state_dict(torch.load(WORK / f"{options.start}.pt")["weights"])
        else:
            fit_scales(self.model, train)
        self.average = copy.deepcopy(self.model)
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), options.rate, betas=(0.9, 0.98), weight_decay=1e-4
        )
        self.batches = Batches(train, options)

    def step(self, iteration: int) -> float:
        progress = iteration / self.options.iterations
        warm = min(1.0, (iteration + 1) / WARM_UP)
        cosine = 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress))
        for group in self.optimizer.param_groups:
            group["lr"] = self.options.rate * warm * cosine
        horizon = MAX_HORIZON if self.options.start else horizon_at(progress)
        loss = loss_of(self.model, *self.batches.draw(horizon), horizon, self.options.huber)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        if torch.isfinite(torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)):
            self.optimizer.step()
        self.follow(min(0.998, (iteration + 1) / (iteration + 10)))
        return loss.item()

    @torch.no_grad()
    def follow(self, keep: float) -> None:
        for slow, fast in zip(self.average.parameters(), self.model.parameters()):
            slow.lerp_(fast, 1 - keep)


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--iterations", type=int, default=9000)
    parser.add_argument("--splits", default="joints,train")
    parser.add_argument("--batch", type=int, default=32, help="episodes per iteration")
    parser.add_argument("--crop", type=int, default=96, help="steps of an episode before the last horizon")
    parser.add_argument("--starts", type=int, default=6, help="rollouts per episode")
    parser.add_argument("--rate", type=float, default=6e-3)
    parser.add_argument("--start", default="", help="result in work/ to go on from, at the full horizon")
    parser.add_argument("--strained", type=float, default=0.0, help="share of crops with a servo at its limit")
    parser.add_argument(
        "--huber", type=float, default=8.0, help="times the batch's own error beyond which errors pull no harder"
    )
    parser.add_argument("--out", default="", help="name of the result in work/, default joints<seed>")
    return parser.parse_args()


def main() -> None:
    options = parse_options()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    torch.manual_seed(options.seed)
    check_matmul_speed()
    training = Training(options, np.concatenate([load_split(name) for name in options.splits.split(",")]))
    val = torch.from_numpy(load_split("val"))
    begun, history = time.time(), []
    for iteration in range(options.iterations):
        loss = training.step(iteration)
        done = iteration + 1
        if done % REPORT_EVERY and done < options.iterations:
            continue
        figures = {key: round(value, 5) for key, value in validate(training.average, val).items()}
        history.append(
            {"iteration": done, "loss": round(loss, 4), **figures, "seconds": round(time.time() - begun)}
        )
        print(json.dumps(history[-1]), flush=True)
        result = {
            "weights": training.average.state_dict(),
            "options": vars(options),
            "history": history,
        }
        torch.save(result, WORK / f"{options.out or f'joints{options.seed}'}.pt")


if __name__ == "__main__":
    main()
