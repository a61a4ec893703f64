"""Layers of the sight half: gated delta rule and sliding-window attention, as steps and as sequences.

A gated delta rule keeps a matrix per head, S <- a S + k (b (v - a S'k))': it forgets by a, and writes
only what it did not know yet. Both forms give the same numbers; training reads sequences in chunks, the
graphs run steps. With `native` the step is one com.microsoft::LinearAttention.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import silu, softplus

WIDTH = 96
HEADS = 4
KEY = 16
VALUE = 24
WINDOW = 8
CHUNK = 16
HIDDEN = 192
DELTA_STATE = HEADS * KEY * VALUE
RING = WINDOW - 1
# Keys and values of the ring's rows, and which of them hold something.
RING_STATE = RING * 2 * WIDTH + RING


def rms(x: Tensor, weight: Tensor) -> Tensor:
    """Written so that ONNX Runtime fuses it into one node."""
    return weight * (x / torch.sqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6))


class LinearAttention(torch.autograd.Function):
    @staticmethod
    def forward(ctx, q, k, v, state, decay, beta):
        # Only traced, for its shapes.
        return v.clone(), state.clone()

    @staticmethod
    def symbolic(g, q, k, v, state, decay, beta):
        return g.op(
            "com.microsoft::LinearAttention", q, k, v, state, decay, beta,
            q_num_heads_i=HEADS, kv_num_heads_i=HEADS, update_rule_s="gated_delta", scale_f=1.0, outputs=2,
        )


class DeltaRule(nn.Module):
    # True while tracing: the step is then the contributed operator.
    native = False

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.Parameter(torch.ones(WIDTH))
        keys, values = HEADS * KEY, HEADS * VALUE
        # q, k, v, output gate, then per head: write strength and forgetting.
        self.parts = (keys, keys, values, values, HEADS, HEADS)
        self.input = nn.Linear(WIDTH, sum(self.parts))
        self.rate = nn.Parameter(torch.linspace(-4.0, 0.0, HEADS))
        self.out_norm = nn.Parameter(torch.ones(VALUE))
        self.output = nn.Linear(values, WIDTH)
        self.register_buffer("unit", torch.full((KEY,), 1 / math.sqrt(KEY)))
        nn.init.normal_(self.output.weight, std=0.02)

    def project(self, x: Tensor):
        """[N,96] -> q, k [N,H,16], v [N,H,24], gate [N,96], write strength [N,H], log of what stays [N,H]."""
        q, k, v, gate, beta, forget = self.input(rms(x, self.norm)).split(self.parts, -1)
        q = rms(q.reshape(-1, HEADS, KEY), self.unit)
        k = rms(k.reshape(-1, HEADS, KEY), self.unit)
        stays = -torch.exp(self.rate) * softplus(forget)
        return q, k, v.reshape(-1, HEADS, VALUE), silu(gate), torch.sigmoid(beta), stays

    def finish(self, x: Tensor, read: Tensor, gate: Tensor) -> Tensor:
        return x + self.output(rms(read, self.out_norm).reshape(-1, HEADS * VALUE) * gate)

    def step(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """x [N,96], state [N,DELTA_STATE] -> the same."""
        q, k, v, gate, beta, stays = self.project(x)
        if self.native:
            packed = (part.reshape(-1, 1, HEADS * part.shape[-1]) for part in (q, k, v))
            old = state.reshape(-1, HEADS, KEY, VALUE)
            read, new = LinearAttention.apply(*packed, old, stays[:, None], beta[:, None])
            return self.finish(x, read.reshape(-1, HEADS, VALUE), gate), new.reshape(-1, DELTA_STATE)
        old = state.reshape(-1, HEADS, KEY, VALUE) * torch.exp(stays)[..., None, None]
        # One product for both reads of the old matrix.
        reads = torch.stack([k, q], 2) @ old
        news = beta[..., None] * (v - reads[:, :, 0])
        read = reads[:, :, 1] + (q * k).sum(-1, keepdim=True) * news
        new = old + k[..., None] * news[:, :, None]
        return self.finish(x, read, gate), new.reshape(-1, DELTA_STATE)

    def sequence(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """x [B,T,96] -> the same, and the states after every chunk."""
        batch, steps = x.shape[:2]
        q, k, v, gate, beta, stays = self.project(x.reshape(-1, WIDTH))

        def by_head(part: Tensor, width: int) -> Tensor:
            return part.reshape(batch, steps, HEADS, width).transpose(1, 2).reshape(-1, steps, width)

        q, k, v = by_head(q, KEY), by_head(k, KEY), by_head(v, VALUE)
        beta, stays = by_head(beta, 1), by_head(stays, 1)
        state = q.new_zeros(batch * HEADS, KEY, VALUE)
        reads, states = [], []
        for part in range(0, steps, CHUNK):
            rows = slice(part, part + CHUNK)
            read, state = delta_chunk(q[:, rows], k[:, rows], v[:, rows], beta[:, rows], stays[:, rows], state)
            reads.append(read)
            states.append(state.reshape(batch, DELTA_STATE))
        read = torch.cat(reads, 1).reshape(batch, HEADS, steps, VALUE).transpose(1, 2)
        out = self.finish(x.reshape(-1, WIDTH), read.reshape(-1, HEADS, VALUE), gate)
        return out.reshape(x.shape), states


def delta_chunk(q: Tensor, k: Tensor, v: Tensor, beta: Tensor, stays: Tensor, state: Tensor):
    """Some steps at once: what each writes depends on the ones before by a triangular system."""
    total = stays.cumsum(1)
    # Differences above the diagonal are positive and would overflow; they are masked anyway.
    fade = torch.exp((total - total.transpose(1, 2)).clamp(max=0.0))
    old = torch.exp(total)
    system = (beta * (k @ k.transpose(1, 2)) * fade).tril(-1)
    system = system + torch.eye(q.shape[1], dtype=q.dtype)
    news = torch.linalg.solve_triangular(system, beta * (v - old * (k @ state)), upper=False, unitriangular=True)
    read = old * (q @ state) + ((q @ k.transpose(1, 2)) * fade).tril() @ news
    kept = torch.exp(total[:, -1:] - total) * k
    return read, old[:, -1:] * state + kept.transpose(1, 2) @ news


class WindowAttention(nn.Module):
    """Attention over this step and the seven before it."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.Parameter(torch.ones(WIDTH))
        self.input = nn.Linear(WIDTH, 3 * WIDTH)
        self.place = nn.Parameter(torch.zeros(HEADS, WINDOW))
        self.output = nn.Linear(WIDTH, WIDTH)
        nn.init.normal_(self.output.weight, std=0.02)

    def attend(self, q: Tensor, k: Tensor, v: Tensor, valid: Tensor) -> Tensor:
        """q [N,96], k and v [N,8,96] oldest first, valid [N,8] -> [N,96]."""
        size = WIDTH // HEADS
        keys = k.reshape(-1, WINDOW, HEADS, size).permute(0, 2, 3, 1)
        scores = (q.reshape(-1, HEADS, 1, size) @ keys) * (1 / math.sqrt(size))
        scores = scores + self.place[:, None] + (valid[:, None, None] - 1.0) * 1e4
        values = v.reshape(-1, WINDOW, HEADS, size).transpose(1, 2)
        return (torch.softmax(scores, -1) @ values).reshape(-1, WIDTH)

    def step(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """x [N,96], state [N,RING_STATE] -> the same."""
        q, k, v = self.input(rms(x, self.norm)).split(WIDTH, -1)
        half = RING * WIDTH
        keys = torch.cat([state[:, :half], k], 1)
        values = torch.cat([state[:, half : 2 * half], v], 1)
        valid = torch.cat([state[:, 2 * half :], torch.ones_like(k[:, :1])], 1)
        read = self.attend(
            q, keys.reshape(-1, WINDOW, WIDTH), values.reshape(-1, WINDOW, WIDTH), valid
        )
        state = torch.cat([keys[:, WIDTH:], values[:, WIDTH:], valid[:, 1:]], 1)
        return x + self.output(read), state

    def sequence(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        batch, steps = x.shape[:2]
        q, k, v = self.input(rms(x, self.norm)).split(WIDTH, -1)
        valid = torch.cat([x.new_zeros(batch, RING, 1), x.new_ones(batch, steps, 1)], 1)
        before = x.new_zeros(batch, RING, WIDTH)
        k, v = torch.cat([before, k], 1), torch.cat([before, v], 1)

        def windows(part: Tensor) -> Tensor:
            return torch.stack([part[:, i : i + steps] for i in range(WINDOW)], 2).flatten(0, 1)

        read = self.attend(q.reshape(-1, WIDTH), windows(k), windows(v), windows(valid)[..., 0])
        states = []
        for end in range(CHUNK, steps + 1, CHUNK):
            rows = slice(end, end + RING)
            states.append(torch.cat([part[:, rows].flatten(1) for part in (k, v, valid)], 1))
        return x + self.output(read).reshape(x.shape), states


class Mixer(nn.Module):
    """SwiGLU after each layer that moves information in time."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.Parameter(torch.ones(WIDTH))
        self.input = nn.Linear(WIDTH, 2 * HIDDEN)
        self.output = nn.Linear(HIDDEN, WIDTH)
        nn.init.normal_(self.output.weight, std=0.02)

    def forward(self, x: Tensor) -> Tensor:
        gate, value = self.input(rms(x, self.norm)).split(HIDDEN, -1)
        return x + self.output(silu(gate) * value)


class Memory(nn.Module):
    """Delta rule, window attention, delta rule; constant-size state."""

    state_sizes = (DELTA_STATE, RING_STATE, DELTA_STATE)
    state_size = sum(state_sizes)

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([DeltaRule(), WindowAttention(), DeltaRule()])
        self.mixers = nn.ModuleList(Mixer() for _ in self.layers)

    def step(self, x: Tensor, states: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        """x [N,96], a state per layer -> the same."""
        kept = []
        for layer, mixer, state in zip(self.layers, self.mixers, states):
            x, state = layer.step(x, state)
            x = mixer(x)
            kept.append(state)
        return x, tuple(kept)

    def sequence(self, x: Tensor) -> tuple[Tensor, list[tuple[Tensor, ...]]]:
        """[B,T,96], T a multiple of CHUNK -> the same, and the states after every chunk."""
        kept = []
        for layer, mixer in zip(self.layers, self.mixers):
            x, states = layer.sequence(x)
            x = mixer(x)
            kept.append(states)
        return x, list(zip(*kept))
