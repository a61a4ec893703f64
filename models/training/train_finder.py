"""Trains the finder and puts what it finds beside the eye's codes.

Writes `work/finder.pt` and the last three columns of `work/<split>.z.f32`.
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

from finder import Finder
from layout import FRAME_AGE, WORK, load_truth, open_pictures
from train_joints import check_matmul_speed
from train_vision import BATCH, SPLITS, Pictures
from vision import OBSERVED_WIDTH

EVERY = 3
RATE = 2e-3


def loss_of(finder: Finder, pictures: Tensor, truth: Tensor) -> tuple[Tensor, dict[str, float]]:
    found = finder(pictures)
    inside = truth[:, 2] > 0.5
    error = found[inside, :2] - truth[inside, :2]
    place = smooth_l1_loss(error, torch.zeros_like(error), beta=0.02)
    seen = binary_cross_entropy_with_logits(found[:, 2], truth[:, 2])
    figures = {
        "bearing": error.abs().mean().item(),
        "median": error.abs().median().item(),
        "inView": ((found[:, 2] > 0) == inside).float().mean().item(),
    }
    return 5.0 * place + 0.2 * seen, figures


@torch.no_grad()
def put_beside_codes(finder: Finder, split: str) -> None:
    truth = load_truth(split)
    has, pictures = truth[..., FRAME_AGE] >= 0, open_pictures(split)
    codes = np.memmap(WORK / f"{split}.z.f32", np.float32, "r+", shape=(*has.shape, OBSERVED_WIDTH))
    for episode in range(len(has)):
        for part in range(0, has.shape[1], 256):
            rows = slice(part, part + 256)
            found = finder(torch.from_numpy(np.array(pictures[episode, rows]))).numpy()
            codes[episode, rows, -3:] = np.where(has[episode, rows, None], found, 0.0)
    codes.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--iterations", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    torch.manual_seed(options.seed)
    check_matmul_speed()
    finder = Finder().to(memory_format=torch.channels_last)
    data, held_out = Pictures("train", EVERY, options.seed), Pictures("val", 16, 0)
    optimizer = torch.optim.AdamW(finder.parameters(), RATE, betas=(0.9, 0.98), weight_decay=1e-4)
    begun, history = time.time(), []
    for iteration in range(options.iterations):
        warm = min(1.0, (iteration + 1) / 100)
        for group in optimizer.param_groups:
            group["lr"] = RATE * warm * (0.01 + 0.495 * (1 + math.cos(math.pi * iteration / options.iterations)))
        loss, _ = loss_of(finder, *data.draw())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(finder.parameters(), 1.0)
        optimizer.step()
        if (iteration + 1) % 250 and iteration + 1 < options.iterations:
            continue
        with torch.no_grad():
            parts = [loss_of(finder, *held_out.draw())[1] for _ in range(12)]
        figures = {key: round(sum(p[key] for p in parts) / len(parts), 4) for key in parts[0]}
        history.append({"iteration": iteration + 1, **figures, "seconds": round(time.time() - begun)})
        print(json.dumps(history[-1]), flush=True)
    torch.save({"weights": finder.state_dict(), "options": vars(options), "history": history}, WORK / "finder.pt")
    for split in ("train", "val", *(s for s in SPLITS if s not in ("train", "val"))):
        put_beside_codes(finder, split)


if __name__ == "__main__":
    main()
