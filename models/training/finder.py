"""Finds the target in a picture: a map of where it may be, and the mean place under it.

A mean over places keeps what a picture knows best, position; a dense layer on flattened features was
off by twice as much. uint8 [N,3,64,64] -> [N,3]: x/z, y/z in camera_optical_frame, logit of being in view.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import silu

CELLS = 16
WIDE = 40
# A cell and a half beyond the middle of the border cells, in units of half the picture.
REACH = 1.0 / CELLS * 3


class Finder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 24, 4, 2, 1)
        self.halve = nn.Conv2d(24, 32, 4, 2, 1)
        self.near = nn.Conv2d(32, WIDE, 3, padding=1)
        self.wide = nn.Conv2d(WIDE, WIDE, 3, padding=2, dilation=2)
        self.wider = nn.Conv2d(WIDE, WIDE, 3, padding=3, dilation=3)
        self.heat = nn.Conv2d(WIDE, 3, 1)
        self.seen = nn.Linear(2 * WIDE + 1, 1)
        middle = (torch.arange(CELLS) + 0.5) / CELLS * 2.0 - 1.0
        down, across = torch.meshgrid(middle, middle, indexing="ij")
        self.register_buffer("places", torch.stack([across, down]).reshape(2, -1))
        self.half_view = math.tan(0.45)

    def forward(self, pictures: Tensor) -> Tensor:
        x = pictures.float() * (1 / 127.5) - 1.0
        x = silu(self.halve(silu(self.stem(x))))
        x = silu(self.near(x))
        x = x + silu(self.wide(x))
        x = x + silu(self.wider(x))
        found = self.heat(x).flatten(2)
        heat, offset = found[:, :1], REACH * torch.tanh(found[:, 1:])
        share = torch.softmax(heat, -1)
        place = ((self.places + offset) * share).sum(-1)
        features = x.flatten(2)
        at_target = (features * share).sum(-1)
        peak = heat.max(-1)[0]
        logit = self.seen(torch.cat([at_target, features.mean(-1), 0.1 * peak], 1))
        return torch.cat([place * self.half_view, logit], 1)
