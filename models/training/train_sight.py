"""Trains the seen half on the eye's codes: `train_sight.py --seed 1`.

The joints to come are the recorded ones, with an error like the joint half's: the halves train apart and
at the same time. Losses are open loop from every chunk of the context on; pictures are dropped singly,
from some moment on, and altogether. The schedule counts iterations and one thread computes.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import time

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, huber_loss

from layout import BEARING, FRAME_AGE, IN_VIEW, LATENT_WIDTH, MAX_HORIZON, QD, WORK, Q, load_split, load_truth
from memory import CHUNK
from sight import Estimate, Sight, SightWorld, at_steps
from train_joints import check_matmul_speed
from vision import OBSERVED_WIDTH

WARM_UP = 200
MAP_ITERATIONS = 5000
REPORT_EVERY = 250
BETA = 0.5
HUBER = 3.0
# Beyond this a bearing is far outside the picture and soon behind it.
MAX_BEARING_RAD = 1.35
# What the joint half is off by after 16 steps, about.
JOINT_ERROR_RAD = 0.006
# Part of the run up to which a horizon is used.
CURRICULUM = ((0.04, 4), (0.1, 8), (0.7, 16), (0.9, 24), (1.0, MAX_HORIZON))


class Sequences:
    """Rows, codes and truth of a split; crops of them with pictures dropped."""

    def __init__(self, split: str, seed: int) -> None:
        self.rows = torch.from_numpy(load_split(split))
        truth = load_truth(split)
        self.truth = torch.from_numpy(truth)
        codes = np.fromfile(WORK / f"{split}.z.f32", np.float32)
        self.codes = torch.from_numpy(codes.reshape(*truth.shape[:2], OBSERVED_WIDTH))
        self.random = torch.Generator().manual_seed(seed)

    def crop(self, which: Tensor, offset: Tensor, length: int):
        index = offset[:, None] + torch.arange(length)
        at = (which[:, None], index)
        return self.rows[at], self.codes[at], self.truth[at]

    def draw(self, batch: int, length: int):
        episodes, steps = self.rows.shape[:2]
        which = torch.randint(episodes, (batch,), generator=self.random)
        offset = torch.randint(steps - length + 1, (batch,), generator=self.random)
        return self.crop(which, offset, length)

    def flags(self, has: Tensor, context: int) -> Tensor:
        """Which pictures the model is shown: most sequences all, some with gaps, some none at all."""
        batch = len(has)
        kind = torch.rand(batch, 1, generator=self.random)
        gaps = torch.rand(batch, context, generator=self.random)
        rate = 0.5 * torch.rand(batch, 1, generator=self.random)
        end = context * torch.rand(batch, 1, generator=self.random)
        kept = torch.ones(batch, context)
        kept = torch.where(kind < 0.40, (gaps > rate).float(), kept)
        kept = torch.where(kind < 0.14, (torch.arange(context) < end).float(), kept)
        kept = torch.where(kind < 0.06, torch.zeros(()), kept)
        return (kept * has)[..., None]


def usable(bearing: Tensor) -> Tensor:
    return (bearing.abs() < MAX_BEARING_RAD).all(-1, keepdim=True).float()


def bearing_loss(error: Tensor, std: Tensor, mask: Tensor) -> Tensor:
    """[N,2] errors; the same terms as train_joints.py's."""
    count = mask.sum() + 1e-6
    weight = std.detach().pow(2 * BETA)
    weight = weight / ((weight * mask).sum() / (2 * count) + 1e-6)
    nll = torch.log(std) + 0.5 * (error.detach() / std).square().clamp(max=200.0)
    nll = nll + 0.5 * weight * (error / std.detach()).square().clamp(max=200.0)
    size = ((error.detach().abs() * mask).sum() / (2 * count)) + 1e-3
    relative = huber_loss(error / size, torch.zeros_like(error), reduction="none", delta=HUBER)
    return ((nll + relative) * mask).sum() / (2 * count)


def code_loss(error: Tensor, mask: Tensor, pixels: Tensor) -> Tensor:
    """Logarithm of the error in pixels: every horizon counts by what is gained in dB."""
    square = (error.square() * pixels).mean(-1, keepdim=True)
    return torch.log((square * mask).sum() / (mask.sum() + 1e-6) + 0.003)


def sight_loss(sight: Sight, truth: Tensor, codes: Tensor, ever: Tensor, pixels: Tensor | None) -> Tensor:
    """Of one step of N sequences; `pixels` None: codes do not count."""
    error = truth[:, BEARING] - sight.bearing
    loss = bearing_loss(error, sight.std, usable(truth[:, BEARING]))
    labels = truth[:, IN_VIEW : IN_VIEW + 1]
    seen = binary_cross_entropy_with_logits(sight.logit, labels, reduction="none")
    loss = loss + 0.5 * (seen * ever).mean()
    if pixels is None:
        return loss
    has = (truth[:, FRAME_AGE : FRAME_AGE + 1] >= 0).float() * ever
    return loss + code_loss(codes[:, :LATENT_WIDTH] - sight.code, has, pixels)


def joint_error(shape: tuple[int, ...], horizon: int, random: torch.Generator) -> Tensor:
    """A drift per rollout and axis, growing with the root of the step."""
    growth = torch.sqrt(torch.arange(1, horizon + 1) / 16.0)[None, :, None]
    return JOINT_ERROR_RAD * torch.randn(shape[0], 1, shape[-1], generator=random) * growth


def loss_of(model: SightWorld, data: Sequences, options: argparse.Namespace, horizon: int, pixels: Tensor) -> Tensor:
    context = options.context
    rows, codes, truth = data.draw(options.batch, context + horizon)
    has = (truth[:, :context, FRAME_AGE] >= 0).float()
    flags = data.flags(has, context)
    ages = truth[:, :context, FRAME_AGE : FRAME_AGE + 1].clamp(min=0.0)
    past = slice(0, context)
    sight, states, since, ever = model.filter_sequence(rows[:, past], codes[:, past] * flags, flags, ages * flags)
    flat_truth, flat_codes = truth[:, past].flatten(0, 1), codes[:, past].flatten(0, 1)
    loss = 0.5 * sight_loss(sight, flat_truth, flat_codes, ever.flatten(0, 1), pixels)

    starts = [end - 1 for end in range(CHUNK, context + 1, CHUNK)]
    begun = tuple(torch.cat(part) for part in zip(*states))
    estimate = at_steps(sight, options.batch, starts)
    after = torch.cat([since[:, t] for t in starts])
    known = torch.cat([ever[:, t] for t in starts])
    q = torch.cat([rows[:, t, Q] for t in starts])
    future = torch.cat([rows[:, t + 1 : t + 1 + horizon, Q] for t in starts])
    future = future + joint_error(future.shape, horizon, data.random)
    sights = model.rollout(begun, estimate, q, future, after, known)
    ahead = 0.0
    for k, each in enumerate(sights):
        true = torch.cat([truth[:, t + 1 + k] for t in starts])
        code = torch.cat([codes[:, t + 1 + k] for t in starts])
        ahead = ahead + sight_loss(each, true, code, known, pixels)
    return loss + ahead / horizon


def fit_map(model: SightWorld, data: Sequences, pixels: Tensor, iterations: int) -> None:
    """What is seen from where on average, as a start."""
    age = data.truth[..., FRAME_AGE : FRAME_AGE + 1]
    has = (age >= 0).flatten()
    q = data.rows[..., Q] - age.clamp(min=0.0) * data.rows[..., QD]
    with torch.no_grad():
        poses = model.pose(q.reshape(-1, 4)[has])
    codes = data.codes.flatten(0, 1)[has, :LATENT_WIDTH]
    optimizer = torch.optim.AdamW(model.room.parameters(), 2e-3)
    for iteration in range(iterations):
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * (1.02 - iteration / iterations)
        which = torch.randint(len(codes), (512,), generator=data.random)
        loss = ((model.room(poses[which]) - codes[which]).square() * pixels).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@torch.no_grad()
def validate(model: SightWorld, data: Sequences, pixels: Tensor) -> dict[str, float]:
    """Bearing error of targets in view at the start, share of right guesses of visibility, code errors."""
    context, starts = 96, (47, 63, 79, 95)
    rows, codes, truth = data.rows, data.codes, data.truth
    past = slice(0, context)
    flags = (truth[:, past, FRAME_AGE : FRAME_AGE + 1] >= 0).float()
    ages = truth[:, past, FRAME_AGE : FRAME_AGE + 1].clamp(min=0.0)
    sight, states, since, ever = model.filter_sequence(rows[:, past], codes[:, past], flags, ages)
    begun = tuple(torch.cat([part for part in layer[2:6]]) for layer in zip(*states))
    estimate = at_steps(sight, len(rows), list(starts))
    pick = lambda part: torch.cat([part[:, t] for t in starts])
    future = torch.cat([rows[:, t + 1 : t + 1 + MAX_HORIZON, Q] for t in starts])
    sights = model.rollout(begun, estimate, pick(rows[..., Q]), future, pick(since), pick(ever))
    at_start = torch.cat([truth[:, t, IN_VIEW] for t in starts])[:, None]
    figures = {}
    for k in (1, 4, 8, 16, 32):
        true = torch.cat([truth[:, t + k] for t in starts])
        code = torch.cat([codes[:, t + k] for t in starts])[:, :LATENT_WIDTH]
        copied = torch.cat([codes[:, t] for t in starts])[:, :LATENT_WIDTH]
        mask = usable(true[:, BEARING]) * at_start
        error = (sights[k - 1].bearing - true[:, BEARING]).abs()
        figures[f"b{k}"] = float((error * mask).sum() / mask.sum() / 2)
        figures[f"z{k}"] = float((((code - sights[k - 1].code).square()) * pixels).mean())
        figures[f"c{k}"] = float((((code - copied).square()) * pixels).mean())
        right = (sights[k - 1].estimate.seen > 0.5) == (true[:, IN_VIEW : IN_VIEW + 1] > 0.5)
        figures[f"v{k}"] = float(right.float().mean())
    figures["score"] = sum(math.log(figures[f"b{k}"]) + 0.5 * math.log(figures[f"z{k}"]) for k in (1, 4, 8, 16, 32))
    return {key: round(value, 4) for key, value in figures.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--iterations", type=int, default=5000)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--context", type=int, default=48, help="observed steps, a multiple of 16")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--out", default="", help="name of the result in work/, default sight<seed>")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    torch.manual_seed(options.seed)
    check_matmul_speed()
    pixels = torch.load(WORK / "eye.pt")["pixels"]
    data, val = Sequences("train", options.seed), Sequences("val", 0)
    model = SightWorld()
    fit_map(model, data, pixels, MAP_ITERATIONS)
    average = copy.deepcopy(model)
    optimizer = torch.optim.AdamW(model.parameters(), options.rate, betas=(0.9, 0.98), weight_decay=1e-3)
    begun, history = time.time(), []
    for iteration in range(options.iterations):
        progress = iteration / options.iterations
        warm = min(1.0, (iteration + 1) / WARM_UP)
        for group in optimizer.param_groups:
            group["lr"] = options.rate * warm * (0.01 + 0.495 * (1 + math.cos(math.pi * progress)))
        horizon = next(k for until, k in CURRICULUM if progress <= until)
        loss = loss_of(model, data, options, horizon, pixels)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        if torch.isfinite(torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)):
            optimizer.step()
        keep = min(0.998, (iteration + 1) / (iteration + 10))
        with torch.no_grad():
            for slow, fast in zip(average.parameters(), model.parameters()):
                slow.lerp_(fast, 1 - keep)
        done = iteration + 1
        if done % REPORT_EVERY and done < options.iterations:
            continue
        figures = validate(average, val, pixels)
        history.append({"iteration": done, "loss": round(loss.item(), 4), **figures, "seconds": round(time.time() - begun)})
        print(json.dumps(history[-1]), flush=True)
        saved = {"weights": average.state_dict(), "options": vars(options), "history": history}
        torch.save(saved, WORK / f"{options.out or f'sight{options.seed}'}.pt")


if __name__ == "__main__":
    main()
