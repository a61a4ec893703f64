"""Trains a larger decoder on the codes the eye made, while the sight half learns to predict them.

The codes stay as they are, with a little noise; only what is made of them gets better. Writes `work/decoder.pt`.
"""

from __future__ import annotations

import argparse
import json
import math
import time

import numpy as np
import torch

from layout import FRAME_AGE, LATENT_WIDTH, WORK, load_truth, open_pictures
from train_joints import check_matmul_speed
from train_vision import BATCH, DISC_WEIGHT, disc, picture_truth
from vision import LARGE, OBSERVED_WIDTH, Decoder

EVERY = 3
RATE = 2e-3
CODE_NOISE = 0.05


class Pairs:
    """Codes and their pictures."""

    def __init__(self, split: str, every: int, seed: int) -> None:
        truth = load_truth(split)
        has = truth[..., FRAME_AGE] >= 0
        has[:, np.arange(has.shape[1]) % every != 0] = False
        places = tuple(np.argwhere(has).T)
        codes = np.fromfile(WORK / f"{split}.z.f32", np.float32).reshape(*has.shape, OBSERVED_WIDTH)
        pictures = open_pictures(split)
        self.codes = torch.from_numpy(codes[places][:, :LATENT_WIDTH])
        self.truth = torch.from_numpy(picture_truth(truth)[places])
        self.pictures = torch.from_numpy(np.stack([pictures[e, s] for e, s in zip(*places)]))
        self.random = torch.Generator().manual_seed(seed)

    def draw(self):
        which = torch.randint(len(self.codes), (BATCH,), generator=self.random)
        return self.codes[which], self.pictures[which], self.truth[which]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--iterations", type=int, default=8000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    torch.manual_seed(options.seed)
    check_matmul_speed()
    eye = torch.load(WORK / "eye.pt")["weights"]
    decoder = Decoder(LARGE).to(memory_format=torch.channels_last)
    for name in ("scale", "shift"):
        getattr(decoder, name).copy_(eye[f"decoder.{name}"])
    data, held_out = Pairs("train", EVERY, options.seed), Pairs("val", 16, 0)
    optimizer = torch.optim.AdamW(decoder.parameters(), RATE, betas=(0.9, 0.98), weight_decay=1e-4)
    begun, history = time.time(), []
    for iteration in range(options.iterations):
        warm = min(1.0, (iteration + 1) / 100)
        for group in optimizer.param_groups:
            group["lr"] = RATE * warm * (0.01 + 0.495 * (1 + math.cos(math.pi * iteration / options.iterations)))
        codes, pictures, truth = data.draw()
        levels = decoder.levels(codes + CODE_NOISE * torch.randn_like(codes))
        square = ((levels - pictures) / 127.5).square()
        loss = (square * (1.0 + DISC_WEIGHT * disc(truth))).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(decoder.parameters(), 1.0)
        optimizer.step()
        done = iteration + 1
        if done % 500 and done < options.iterations:
            continue
        history.append({"iteration": done, "psnr": psnr_of(decoder, held_out), "seconds": round(time.time() - begun)})
        print(json.dumps(history[-1]), flush=True)
        saved = {"weights": decoder.state_dict(), "options": vars(options), "history": history}
        torch.save(saved, WORK / "decoder.pt")


@torch.no_grad()
def psnr_of(decoder: Decoder, data: Pairs) -> float:
    """Of the mean square error of the held-out pictures, dB."""
    square = [
        (decoder.levels(codes) - pictures).square().mean()
        for codes, pictures in zip(data.codes.split(BATCH), data.pictures.split(BATCH))
    ]
    return round(10 * math.log10(255**2 / torch.stack(square).mean().item()), 3)


if __name__ == "__main__":
    main()
