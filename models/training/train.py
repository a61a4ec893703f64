"""Trains the network on recorded episodes: `train.py --seed 1`.

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

from layout import COMMAND, MAX_HORIZON, MOTION, PROPRIO, TAU, WORK, Q, load_split, start_points
from network import (
    COMMAND_LAGS,
    COMMAND_WINDOW,
    MOTION_LAGS,
    MOTION_WINDOW,
    PROPRIO_WIDTH,
    MiniWorld,
    delayed,
    open_loop,
)

MIN_GFLOPS = 50
# Torque is predicted only to feed the next step; it is no output.
TORQUE_WEIGHT = 0.25
FRESH_STEPS = 8
BETA = 0.5
HUBER = 4.0
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


def fit_scales(model: MiniWorld, train: np.ndarray) -> None:
    """Normalisation from the data, and the linear one-step map by least squares."""
    rows = torch.from_numpy(train)
    proprio, action = rows[..., PROPRIO], rows[..., COMMAND]
    model.proprio_mean.copy_(proprio.mean((0, 1)))
    model.proprio_std.copy_(proprio.std((0, 1)))
    model.step_scale.copy_((proprio[:, 1:] - proprio[:, :-1]).std((0, 1)))
    model.change_scale.copy_(model.step_scale.repeat(MOTION_LAGS - 1))
    model.move_scale.copy_((action[:, 1:] - action[:, :-1]).std((0, 1)).repeat(COMMAND_LAGS - 1))
    model.lead_scale.copy_((action - proprio[..., Q]).std((0, 1)))

    # What each step knew: the rows up to it and the next setpoint.
    known = slice(COMMAND_LAGS, -1)
    motion = delayed(proprio, MOTION_LAGS)[:, known].reshape(-1, MOTION_WINDOW)
    following = delayed(action, COMMAND_LAGS)[:, COMMAND_LAGS + 1 :].reshape(-1, COMMAND_WINDOW)
    change = (proprio[:, COMMAND_LAGS + 1 :] - proprio[:, known]) / model.step_scale
    with torch.no_grad():
        features = model.features(motion, following).double()
        target = change.reshape(-1, PROPRIO_WIDTH).double()
        features = torch.cat([features, torch.ones_like(features[:, :1])], 1)
        gram = features.T @ features
        gram += 1e-6 * len(features) * torch.eye(len(gram), dtype=torch.float64)
        solution = torch.linalg.solve(gram, features.T @ target)
        model.linear.weight.copy_(solution[:-1].T)
        model.linear.bias.copy_(solution[-1])
        residual = (features @ solution - target).std(0).float()
        model.std_head.bias.copy_(torch.log(residual + 1e-3))


class Batches:
    """Random crops of random episodes, and random rollout starts inside them."""

    def __init__(self, train: np.ndarray, batch: int, crop: int, starts: int, seed: int) -> None:
        self.rows = torch.from_numpy(train)
        self.batch, self.crop, self.starts = batch, crop, starts
        self.random = torch.Generator().manual_seed(seed)

    def draw(self, horizon: int) -> tuple[Tensor, list[int]]:
        episodes, steps = self.rows.shape[:2]
        length = min(steps, self.crop + horizon)
        which = torch.randint(episodes, (self.batch,), generator=self.random)
        offset = torch.randint(steps - length + 1, (self.batch,), generator=self.random)
        index = offset[:, None] + torch.arange(length)
        at = torch.randperm(length - horizon, generator=self.random)[: self.starts]
        # One start soon after a reset: without it the first predictions of a session are wild.
        at[0] = torch.randint(FRESH_STEPS, (1,), generator=self.random)
        return self.rows[which[:, None], index], at.tolist()


def loss_of(model: MiniWorld, rows: Tensor, starts: list[int], horizon: int) -> Tensor:
    """Gaussian NLL, weighted by its own deviation, plus the error relative to the batch's at that horizon.

    Without noise in the simulator a plain likelihood spends itself on joints at rest, whose deviation
    shrinks without end; the weight and the second term keep fast and saturated motion accurate.
    """
    mean, std = open_loop(model, rows, starts, horizon)
    truth = torch.cat([rows[:, t + 1 : t + 1 + horizon, PROPRIO] for t in starts])
    error = truth - mean
    nll = torch.log(std / model.step_scale) + 0.5 * (error / std).square().clamp(max=400.0)
    weight = std.detach().pow(2 * BETA)
    nll = nll * (weight / weight.mean(0, keepdim=True))
    size = error.detach().square().mean(0, keepdim=True).sqrt() + 0.01 * model.step_scale
    relative = huber_loss(error / size, torch.zeros_like(error), reduction="none", delta=HUBER)
    per_output = torch.ones(PROPRIO_WIDTH)
    per_output[TAU] = TORQUE_WEIGHT
    return ((nll + relative) * per_output).mean()


def horizon_at(progress: float) -> int:
    return next(k for until, k in CURRICULUM if progress <= until)


@torch.no_grad()
def validate(model: MiniWorld, val: Tensor) -> dict[str, float]:
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--iterations", type=int, default=9000)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--crop", type=int, default=96)
    parser.add_argument("--starts", type=int, default=6)
    parser.add_argument("--rate", type=float, default=6e-3)
    parser.add_argument("--out", default="")
    options = parser.parse_args()

    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    torch.manual_seed(options.seed)
    check_matmul_speed()
    train, val = load_split("train"), torch.from_numpy(load_split("val"))
    model = MiniWorld(options.width)
    fit_scales(model, train)
    average = copy.deepcopy(model)
    optimizer = torch.optim.AdamW(model.parameters(), options.rate, betas=(0.9, 0.98), weight_decay=1e-4)
    batches = Batches(train, options.batch, options.crop, options.starts, options.seed)
    name = options.out or f"seed{options.seed}"
    begun, history = time.time(), []
    for iteration in range(options.iterations):
        progress = iteration / options.iterations
        warm = min(1.0, (iteration + 1) / 200)
        for group in optimizer.param_groups:
            group["lr"] = options.rate * warm * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress)))
        horizon = horizon_at(progress)
        rows, starts = batches.draw(horizon)
        loss = loss_of(model, rows, starts, horizon)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        if torch.isfinite(norm):
            optimizer.step()
        decay = min(0.998, (iteration + 1) / (iteration + 10))
        with torch.no_grad():
            for slow, fast in zip(average.parameters(), model.parameters()):
                slow.lerp_(fast, 1 - decay)
        if (iteration + 1) % 250 == 0 or iteration + 1 == options.iterations:
            report = {"iteration": iteration + 1, "k": horizon, "loss": round(loss.item(), 4)}
            report |= {key: round(value, 5) for key, value in validate(average, val).items()}
            report["seconds"] = round(time.time() - begun)
            history.append(report)
            print(json.dumps(report), flush=True)
            save = {"weights": average.state_dict(), "options": vars(options), "history": history}
            torch.save(save, WORK / f"{name}.pt")


if __name__ == "__main__":
    main()
