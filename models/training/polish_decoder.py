"""Goes on training the decoder on codes as the sight half predicts them: `polish_decoder.py --joints J --sight S`.

A predicted code is a mean over what may come, and lies where no picture's code lies; what it should become is
the mean of the pictures. True codes stay in the mixture. Rewrites `work/decoder.pt`.
"""

from __future__ import annotations

import argparse
import json
import math
import time

import numpy as np
import torch

from calibrate import score
from layout import COMMAND, LATENT_WIDTH, MAX_HORIZON, WORK, load_split, load_truth, open_pictures
from train_joints import check_matmul_speed
from train_vision import BATCH
from world import load_codes, load_decoder, load_world, roll_out, seen_part, states_at

RATE = 6e-4
STEPS_AHEAD = (1, 2, 4, 8, 16, 24, 32)
EPISODE_STRIDE = 3
STARTS = list(range(31, 224, 24))


def predicted_pairs(options: argparse.Namespace, split: str, stride: int):
    """Codes [N,64] true and predicted, and where their pictures are, [N,2] episode and row."""
    sight = min(options.sight.split(","), key=score)
    world = load_world(min(options.joints.split(","), key=score), sight)
    rows, truth = load_split(split)[::stride], load_truth(split)[::stride]
    codes = load_codes(split, load_truth(split).shape[:2])[::stride]
    state = states_at(world, torch.from_numpy(rows.copy()), *seen_part(codes.copy(), truth), STARTS)
    future = np.concatenate([rows[:, t + 1 : t + 1 + MAX_HORIZON, COMMAND] for t in STARTS])
    made = roll_out(world, state, torch.from_numpy(future))
    episodes = np.arange(len(rows)) * stride
    places = [np.stack([np.tile(episodes, len(STARTS)), np.repeat(STARTS, len(rows)) + k], 1) for k in STEPS_AHEAD]
    places.append(np.stack([np.tile(episodes, len(STARTS)), np.repeat(STARTS, len(rows))], 1))
    now = np.concatenate([codes[:, t, :LATENT_WIDTH] for t in STARTS])
    found = [made.code[:, k - 1] for k in STEPS_AHEAD]
    return torch.from_numpy(np.concatenate([*found, now])), np.concatenate(places)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--joints", default="joints1")
    parser.add_argument("--sight", default="sight1")
    parser.add_argument("--iterations", type=int, default=2500)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    torch.manual_seed(options.seed)
    check_matmul_speed()
    decoder = load_decoder().train().to(memory_format=torch.channels_last)
    codes, places = predicted_pairs(options, "train", EPISODE_STRIDE)
    held_codes, held_places = predicted_pairs(options, "val", 4)
    source, held_source = open_pictures("train"), open_pictures("val")
    held_pictures = torch.from_numpy(np.stack([held_source[e, s] for e, s in held_places]))
    pictures = torch.from_numpy(np.stack([source[e, s] for e, s in places]))
    random = torch.Generator().manual_seed(options.seed)
    optimizer = torch.optim.AdamW(decoder.parameters(), RATE, betas=(0.9, 0.98), weight_decay=1e-4)
    begun, history = time.time(), []
    for iteration in range(options.iterations):
        warm = min(1.0, (iteration + 1) / 50)
        for group in optimizer.param_groups:
            group["lr"] = RATE * warm * (0.01 + 0.495 * (1 + math.cos(math.pi * iteration / options.iterations)))
        which = torch.randint(len(codes), (BATCH,), generator=random)
        square = ((decoder.levels(codes[which]) - pictures[which]) / 127.5).square().mean((1, 2, 3))
        # Far ahead pictures are further off; near ones must count as much.
        loss = torch.log(square + 0.003).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(decoder.parameters(), 1.0)
        optimizer.step()
        done = iteration + 1
        if done % 250 and done < options.iterations and done != 1:
            continue
        history.append({"iteration": done, **by_steps(decoder, held_codes, held_pictures), "seconds": round(time.time() - begun)})
        print(json.dumps(history[-1]), flush=True)
    saved = torch.load(WORK / "decoder.pt")
    saved |= {"weights": decoder.state_dict(), "polish": history, "polishOptions": vars(options)}
    torch.save(saved, WORK / "decoder.pt")


@torch.no_grad()
def by_steps(decoder, codes: torch.Tensor, pictures: torch.Tensor) -> dict[str, float]:
    """PSNR of the mean square error of held-out pictures per step ahead, dB; 0: of true codes."""
    found = {}
    for k, part, true in zip((*STEPS_AHEAD, 0), codes.chunk(len(STEPS_AHEAD) + 1), pictures.chunk(len(STEPS_AHEAD) + 1)):
        square = (decoder.levels(part).clamp(0, 255) - true).square().mean()
        found[f"p{k}"] = round(10 * math.log10(255**2 / square.item()), 2)
    return found


if __name__ == "__main__":
    main()
