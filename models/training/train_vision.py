"""Trains the eye on every fourth picture of the training episodes, then puts its codes on one scale.

Writes `work/eye.pt`, the observed codes of every split, `work/<split>.z.f32` [episode, step, 67], and how
much each code matters in pixels. `train_decoder.py` then makes a better decoder of the same codes. Bearings are learnt at the picture's own time: the truth of the row is
the truth at its stamp, so it is brought back by the picture's age between neighbouring rows.
"""

from __future__ import annotations

import argparse
import json
import math
import time

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, smooth_l1_loss

from layout import BEARING, FRAME_AGE, IN_VIEW, LATENT_WIDTH, PICTURE_PX, STEP_S, WORK, load_truth, open_pictures
from train_joints import check_matmul_speed
from vision import OBSERVED_WIDTH, Eye

SPLITS = ("train", "val", "test", "heavy", "worn", "long")
EVERY = 4
BATCH = 64
RATE = 2e-3
# Half of the picture spans tan(0.45); a target is about so many pixels wide.
HALF_VIEW = math.tan(0.45)
DISC_PX = 5.0
DISC_WEIGHT = 5.0


def picture_truth(truth: np.ndarray) -> np.ndarray:
    """x/z, y/z and in-view at the time of each row's picture; NaN where there is none or it is behind."""
    age = truth[..., FRAME_AGE]
    tangent = np.where(np.abs(truth[..., BEARING]) < 1.2, np.tan(truth[..., BEARING]), np.nan)
    before = np.concatenate([tangent[:, :1], tangent[:, :-1]], 1)
    share = np.clip(age / STEP_S, 0, 1)[..., None]
    at_picture = tangent + share * (before - tangent)
    at_picture[age < 0] = np.nan
    inside = (np.abs(at_picture) < HALF_VIEW).all(-1)
    return np.concatenate([at_picture, inside[..., None]], -1).astype(np.float32)


class Pictures:
    """Batches of pictures, and where the target is in them."""

    def __init__(self, split: str, every: int, seed: int) -> None:
        truth = picture_truth(load_truth(split))
        has = load_truth(split)[..., FRAME_AGE] >= 0
        has[:, np.arange(has.shape[1]) % every != 0] = False
        self.places = np.argwhere(has)
        pictures = open_pictures(split)
        self.pictures = np.stack([pictures[e, s] for e, s in self.places])
        self.truth = truth[tuple(self.places.T)]
        self.random = np.random.default_rng(seed)

    def draw(self) -> tuple[Tensor, Tensor]:
        which = self.random.integers(len(self.places), size=BATCH)
        return torch.from_numpy(self.pictures[which]), torch.from_numpy(self.truth[which])


def disc(truth: Tensor) -> Tensor:
    """1 near the target and 0 elsewhere, [N,1,64,64]."""
    at = torch.arange(PICTURE_PX) + 0.5
    middle = (truth[:, :2].nan_to_num(9.0) / HALF_VIEW + 1.0) * PICTURE_PX / 2
    across = at[None, None, :] - middle[:, 0, None, None]
    down = at[None, :, None] - middle[:, 1, None, None]
    return (across.square() + down.square() < DISC_PX**2).float()[:, None]


def loss_of(eye: Eye, pictures: Tensor, truth: Tensor) -> tuple[Tensor, dict[str, float]]:
    seen = eye.encoder(pictures)
    code, tangent, logit = seen[:, :LATENT_WIDTH], seen[:, -3:-1], seen[:, -1]
    levels = eye.decoder.levels(code + 0.05 * torch.randn_like(code))
    square = ((levels - pictures) / 127.5).square()
    picture_loss = (square * (1.0 + DISC_WEIGHT * disc(truth))).mean()
    inside = truth[:, 2] > 0.5
    bearing_loss = smooth_l1_loss(tangent[inside], truth[inside, :2], beta=0.02) if inside.any() else 0.0
    seen_loss = binary_cross_entropy_with_logits(logit, truth[:, 2])
    loss = 10.0 * picture_loss + 2.0 * bearing_loss + 0.05 * seen_loss + 1e-3 * code.square().mean()
    return loss, {
        "psnr": 10 * math.log10(4.0 / square.mean().item()),
        "bearing": (tangent[inside] - truth[inside, :2]).abs().mean().item(),
        "inView": ((logit > 0) == inside).float().mean().item(),
    }


@torch.no_grad()
def codes_of(eye: Eye, split: str) -> np.ndarray:
    """[episode, step, 67], zeros where there is no picture."""
    pictures, has = open_pictures(split), load_truth(split)[..., FRAME_AGE] >= 0
    out = np.zeros((*has.shape, OBSERVED_WIDTH), np.float32)
    for episode in range(len(has)):
        for part in range(0, has.shape[1], 256):
            rows = slice(part, part + 256)
            out[episode, rows] = eye.encoder(torch.from_numpy(np.array(pictures[episode, rows]))).numpy()
    out[~has] = 0.0
    return out


@torch.no_grad()
def put_on_scale(eye: Eye, codes: np.ndarray, has: np.ndarray) -> None:
    """Codes to mean 0 and deviation 1, in encoder and decoder."""
    flat = torch.from_numpy(codes[has][:, :LATENT_WIDTH])
    shift, scale = flat.mean(0), flat.std(0)
    for half in (eye.encoder, eye.decoder):
        half.shift.copy_(shift)
        half.scale.copy_(scale)


@torch.no_grad()
def pixels_per_code(eye: Eye, codes: Tensor, step: float = 0.3) -> Tensor:
    """Mean square change of the picture for a unit change of each code, their mean 1."""
    base = eye.decoder.levels(codes)
    change = []
    for i in range(LATENT_WIDTH):
        moved = codes.clone()
        moved[:, i] += step
        change.append((eye.decoder.levels(moved) - base).square().mean())
    weights = torch.stack(change)
    return weights / weights.mean()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--iterations", type=int, default=5200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    torch.manual_seed(options.seed)
    check_matmul_speed()
    eye, data = Eye().to(memory_format=torch.channels_last), Pictures("train", EVERY, options.seed)
    held_out = Pictures("val", 16, options.seed)
    optimizer = torch.optim.AdamW(eye.parameters(), RATE, betas=(0.9, 0.98), weight_decay=1e-4)
    begun, history = time.time(), []
    for iteration in range(options.iterations):
        warm = min(1.0, (iteration + 1) / 100)
        for group in optimizer.param_groups:
            group["lr"] = RATE * warm * (0.01 + 0.495 * (1 + math.cos(math.pi * iteration / options.iterations)))
        loss, _ = loss_of(eye, *data.draw())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(eye.parameters(), 1.0)
        optimizer.step()
        if (iteration + 1) % 200 and iteration + 1 < options.iterations:
            continue
        with torch.no_grad():
            parts = [loss_of(eye, *held_out.draw())[1] for _ in range(8)]
        figures = {key: round(sum(p[key] for p in parts) / len(parts), 4) for key in parts[0]}
        history.append({"iteration": iteration + 1, **figures, "seconds": round(time.time() - begun)})
        print(json.dumps(history[-1]), flush=True)
    finish(eye.eval(), options, history)


def finish(eye: Eye, options: argparse.Namespace, history: list[dict]) -> None:
    codes = codes_of(eye, "train")
    has = load_truth("train")[..., FRAME_AGE] >= 0
    put_on_scale(eye, codes, has)
    scale, shift = eye.encoder.scale.numpy(), eye.encoder.shift.numpy()
    codes[has, :LATENT_WIDTH] = (codes[has, :LATENT_WIDTH] - shift) / scale
    codes.tofile(WORK / "train.z.f32")
    weights = pixels_per_code(eye, torch.from_numpy(codes[::37, 100, :LATENT_WIDTH]))
    saved = {"weights": eye.state_dict(), "pixels": weights, "options": vars(options), "history": history}
    torch.save(saved, WORK / "eye.pt")
    for split in SPLITS[1:]:
        codes_of(eye, split).tofile(WORK / f"{split}.z.f32")


if __name__ == "__main__":
    main()
