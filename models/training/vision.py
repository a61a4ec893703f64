"""The eye: pictures to a short code with the target's bearing, and codes back to pictures.

`Encoder`: uint8 [N,3,64,64] -> [N, LATENT_WIDTH + 3]: code, x/z and y/z of the target in
camera_optical_frame, logit of its middle being in the picture. Those three only make it keep the target in its
code; what is used of them comes from the finder. `Decoder`: code -> uint8 picture.
Nearest upsampling and 3x3 convolutions rather than transposed ones, whose backward is slow on a CPU.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, pixel_shuffle, silu

from finder import Finder
from layout import LATENT_WIDTH

OBSERVED_WIDTH = LATENT_WIDTH + 3
CHANNELS = (16, 32, 48, 64)
# Of the decoder while the encoder is learnt with it, and of the one that is shipped.
SMALL = (64, 48, 32, 24)
LARGE = (64, 64, 48, 40)


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        sizes = (3, *CHANNELS)
        self.convs = nn.ModuleList(nn.Conv2d(a, b, 4, 2, 1) for a, b in zip(sizes, CHANNELS))
        self.code = nn.Linear(CHANNELS[-1] * 16, LATENT_WIDTH)
        self.hidden = nn.Linear(CHANNELS[-1] * 16, 64)
        self.target = nn.Linear(64, 3)
        self.register_buffer("scale", torch.ones(LATENT_WIDTH))
        self.register_buffer("shift", torch.zeros(LATENT_WIDTH))

    def features(self, pictures: Tensor) -> Tensor:
        x = pictures.float() * (1 / 127.5) - 1.0
        for conv in self.convs:
            x = silu(conv(x))
        return x.flatten(1)

    def codes(self, pictures: Tensor) -> Tensor:
        """With mean 0 and deviation 1 once `scale` and `shift` are set."""
        return (self.code(self.features(pictures)) - self.shift) / self.scale

    def forward(self, pictures: Tensor) -> Tensor:
        x = self.features(pictures)
        code = (self.code(x) - self.shift) / self.scale
        return torch.cat([code, self.target(silu(self.hidden(x)))], 1)


class Decoder(nn.Module):
    def __init__(self, channels: tuple[int, ...]) -> None:
        super().__init__()
        self.first = channels[0]
        self.start = nn.Linear(LATENT_WIDTH, self.first * 16)
        self.convs = nn.ModuleList(nn.Conv2d(a, b, 3, padding=1) for a, b in zip(channels, channels[1:]))
        self.last = nn.Conv2d(channels[-1], 12, 3, padding=1)
        self.register_buffer("scale", torch.ones(LATENT_WIDTH))
        self.register_buffer("shift", torch.zeros(LATENT_WIDTH))

    def levels(self, code: Tensor) -> Tensor:
        """Pixel values about 0..255, not clamped."""
        x = silu(self.start(code * self.scale + self.shift)).reshape(-1, self.first, 4, 4)
        for conv in self.convs:
            x = silu(conv(interpolate(x, scale_factor=2.0, mode="nearest")))
        return (pixel_shuffle(self.last(x), 2) + 1.0) * 127.5

    def forward(self, code: Tensor) -> Tensor:
        return (self.levels(code).clamp(0.0, 255.0) + 0.5).to(torch.uint8)


class Eye(nn.Module):
    def __init__(self, channels: tuple[int, ...] = SMALL) -> None:
        super().__init__()
        self.encoder = Encoder()
        self.decoder = Decoder(channels)


class Looker(nn.Module):
    """What is shipped as `encode`: codes of the encoder, the target's place from the finder."""

    def __init__(self, encoder: Encoder, finder: Finder) -> None:
        super().__init__()
        self.encoder, self.finder = encoder, finder

    def forward(self, pictures: Tensor) -> Tensor:
        return torch.cat([self.encoder.codes(pictures), self.finder(pictures)], 1)
