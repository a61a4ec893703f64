"""The joint half of the world: a recurrent filter over what was observed, a predictor over what is commanded.

What the camera sees never moves a joint, so this half knows nothing of pictures and predicts the same
with and without them. Each step's mean is a linear map of the last rows (an ARX model, fitted by least
squares before training) plus what the recurrent core adds: a small network alone loses to four lines
of linear algebra on joint motion.

State, `JOINT_STATE` floats: filter | last observations, newest first | last setpoints, newest first |
1 once anything was observed. All zeros = nothing observed.
"""

from __future__ import annotations

import json

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, silu

from layout import COMMAND, DEVICE, MAX_HORIZON, MOTION, PROPRIO, QD, STEP_S, TAU

PROPRIO_WIDTH = 12
COMMAND_WIDTH = 4
OUTPUT_WIDTH = 8
MOTION_LAGS = 8
# The newest is the one a step ends under.
COMMAND_LAGS = 9
MOTION_WINDOW = PROPRIO_WIDTH * MOTION_LAGS
COMMAND_WINDOW = COMMAND_WIDTH * COMMAND_LAGS
FEATURES = MOTION_WINDOW + COMMAND_WINDOW
GATE_FEATURES = FEATURES + 4
WIDTH = 128
JOINT_STATE = WIDTH + FEATURES + 1
# A predicted deviation never falls below this share of the typical one-step change: a mount at rest
# is predictable to the last bit, and a likelihood would chase that without end.
STD_FLOOR = 0.003
BOUND = 5.0


class GruCell(nn.Module):
    """A GRU step from plain Gemm, Sigmoid and Tanh: r, z, n gates as in `nn.GRU`."""

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.width = width
        self.input = nn.Linear(inputs, 3 * width)
        self.hidden = nn.Linear(width, 3 * width)
        with torch.no_grad():
            for gate in self.hidden.weight.split(width):
                nn.init.orthogonal_(gate)
            # Start by remembering: the update gate mostly keeps.
            self.input.bias[width : 2 * width] += 1.0

    def forward(self, features: Tensor, h: Tensor) -> Tensor:
        return self.step(self.input(features), h)

    def step(self, from_input: Tensor, h: Tensor) -> Tensor:
        from_hidden = self.hidden(h)
        both = 2 * self.width
        gates = torch.sigmoid(from_input[:, :both] + from_hidden[:, :both])
        reset, keep = gates[:, : self.width], gates[:, self.width :]
        candidate = torch.tanh(from_input[:, both:] + reset * from_hidden[:, both:])
        return candidate + keep * (h - candidate)


def bounded(features: Tensor) -> Tensor:
    """Nearly the identity within a few deviations, never beyond BOUND: keeps gates out of saturation."""
    return features / torch.sqrt(1.0 + (features / BOUND).square())


class JointWorld(nn.Module):
    """See the module text. Inputs and outputs are in rad, rad/s and Nm; scaling is inside."""

    def __init__(self) -> None:
        super().__init__()
        self.filter = GruCell(GATE_FEATURES + PROPRIO_WIDTH, WIDTH)
        self.core = GruCell(GATE_FEATURES, WIDTH)
        self.linear = nn.Linear(FEATURES, PROPRIO_WIDTH)
        # Beside `linear` at the first step, whose rows are measured and noisy; later ones are predicted.
        self.first = nn.Linear(FEATURES, PROPRIO_WIDTH)
        self.trunk = nn.Linear(WIDTH, WIDTH)
        self.mean_head = nn.Linear(WIDTH, PROPRIO_WIDTH)
        self.gate_head = nn.Linear(WIDTH, PROPRIO_WIDTH)
        self.std_head = nn.Linear(WIDTH, PROPRIO_WIDTH)
        for head in (self.first, self.mean_head, self.gate_head, self.std_head):
            nn.init.zeros_(head.weight)
            nn.init.zeros_(head.bias)
        # Set from the training data by `fit_scales`. `step_scale`: typical change over one step.
        self.register_buffer("proprio_mean", torch.zeros(PROPRIO_WIDTH))
        self.register_buffer("proprio_std", torch.ones(PROPRIO_WIDTH))
        self.register_buffer("step_scale", torch.ones(PROPRIO_WIDTH))
        self.register_buffer("change_scale", torch.ones(PROPRIO_WIDTH * (MOTION_LAGS - 1)))
        self.register_buffer("lead_scale", torch.ones(COMMAND_WIDTH))
        self.register_buffer("move_scale", torch.ones(COMMAND_WIDTH * (COMMAND_LAGS - 1)))
        # The fitted linear map itself, and how far it is off: what an observation brings as news.
        self.register_buffer("arx_weight", torch.zeros(PROPRIO_WIDTH, FEATURES))
        self.register_buffer("arx_bias", torch.zeros(PROPRIO_WIDTH))
        self.register_buffer("arx_residual", torch.ones(PROPRIO_WIDTH))
        limits = [axis["maxEffortNm"] for axis in json.loads(DEVICE.read_text())["axes"]]
        self.register_buffer("torque_limit", torch.tensor(limits))
        self.register_buffer("calibration", torch.ones(MAX_HORIZON, OUTPUT_WIDTH))

    def features(self, motion: Tensor, commands: Tensor) -> Tensor:
        """Windows [..., 96] and [..., 36], newest first -> scaled values and changes [..., FEATURES]."""
        now = motion[..., :PROPRIO_WIDTH]
        changes = motion[..., :-PROPRIO_WIDTH] - motion[..., PROPRIO_WIDTH:]
        moves = commands[..., :-COMMAND_WIDTH] - commands[..., COMMAND_WIDTH:]
        return torch.cat(
            [
                (now - self.proprio_mean) / self.proprio_std,
                changes / self.change_scale,
                (commands[..., :COMMAND_WIDTH] - now[..., :COMMAND_WIDTH]) / self.lead_scale,
                moves / self.move_scale,
            ],
            -1,
        )

    def strain(self, motion: Tensor) -> Tensor:
        """Near 0 below the torque limit and 1 at it, with the torque's sign, [..., 4]."""
        share = (motion[..., TAU] / self.torque_limit).clamp(-1.0, 1.0)
        fourth = share.square().square()
        return share * fourth * fourth

    def news(self, proprio: Tensor, before: Tensor, commands: Tensor) -> Tensor:
        """How far a row is from what the linear map expected of the window before it, in its deviations."""
        expected = linear(self.features(before, commands), self.arx_weight, self.arx_bias)
        change = (proprio - before[..., :PROPRIO_WIDTH]) / self.step_scale
        return (change - expected) / self.arx_residual

    def observe(self, proprio: Tensor, action: Tensor, state: Tensor) -> Tensor:
        """proprio [N,12], action [N,4], state [N,JOINT_STATE] -> state.

        Before anything was observed the joints are taken to have come with their present velocity,
        and the setpoint to have stood still.
        """
        seen = state[:, -1:]
        old_motion = state[:, WIDTH : WIDTH + MOTION_WINDOW]
        old_commands = state[:, WIDTH + MOTION_WINDOW : -1]
        back = drift(proprio)
        came = torch.cat([proprio - lag * back for lag in range(1, MOTION_LAGS + 1)], 1)
        still = torch.cat([action] * COMMAND_LAGS, 1)
        before = came + seen * (old_motion - came)
        past = still + seen * (old_commands - still)
        motion = torch.cat([proprio, before[:, :-PROPRIO_WIDTH]], 1)
        commands = torch.cat([action, past[:, :-COMMAND_WIDTH]], 1)
        news = seen * self.news(proprio, before, commands)
        features = bounded(torch.cat([self.features(motion, commands), news], 1))
        h = self.filter(torch.cat([features, self.strain(motion)], 1), state[:, :WIDTH])
        return torch.cat([h, motion, commands, torch.ones_like(seen)], 1)

    def predict_step(self, z: Tensor, motion: Tensor, commands: Tensor, is_first: Tensor, action: Tensor):
        """One imagined step under `action` [N,4]: latent and windows move on, and the deviation [N,12]."""
        commands = torch.cat([action, commands[:, :-COMMAND_WIDTH]], 1)
        features = self.features(motion, commands)
        z = self.core(torch.cat([bounded(features), self.strain(motion)], 1), z)
        hidden = silu(self.trunk(z))
        # A servo at its torque limit obeys no linear map: the gate, 1 at first, can close.
        gate = 2.0 * torch.sigmoid(self.gate_head(hidden))
        mapped = self.linear(features) + is_first * self.first(features)
        change = self.step_scale * (gate * mapped + self.mean_head(hidden))
        spread = 8.0 * torch.tanh(self.std_head(hidden) / 8.0)
        std = self.step_scale * (STD_FLOOR + torch.exp(spread))
        now = motion[:, :PROPRIO_WIDTH] + change
        # No servo gives more than its limit.
        torque = torch.minimum(torch.maximum(now[:, TAU], -self.torque_limit), self.torque_limit)
        now = torch.cat([now[:, MOTION], torque], 1)
        return z, torch.cat([now, motion[:, :-PROPRIO_WIDTH]], 1), commands, std

    # Whole sequences, for training and evaluation.

    def filter_sequence(self, motion: Tensor, commands: Tensor) -> Tensor:
        """Windows [B,T,96], [B,T,36], from an empty state -> filter states [B,T,WIDTH]."""
        news = self.news(motion[:, 1:, :PROPRIO_WIDTH], motion[:, :-1], commands[:, 1:])
        news = torch.cat([torch.zeros_like(news[:, :1]), news], 1)
        features = bounded(torch.cat([self.features(motion, commands), news], -1))
        gates = self.filter.input(torch.cat([features, self.strain(motion)], -1))
        h = gates.new_zeros(gates.shape[0], WIDTH)
        states = []
        for from_input in gates.unbind(1):
            h = self.filter.step(from_input, h)
            states.append(h)
        return torch.stack(states, 1)

    def rollout(self, z: Tensor, motion: Tensor, commands: Tensor, actions: Tensor):
        """Latents and windows at the start, actions [N,K,4] -> mean, uncalibrated std [N,K,12]."""
        means, stds = [], []
        is_first = torch.ones_like(z[:, :1])
        for action in actions.unbind(1):
            z, motion, commands, std = self.predict_step(z, motion, commands, is_first, action)
            is_first = torch.zeros_like(is_first)
            means.append(motion[:, :PROPRIO_WIDTH])
            stds.append(std)
        return torch.stack(means, 1), torch.stack(stds, 1)


def drift(proprio: Tensor) -> Tensor:
    """What a step at the present joint velocity changes, [..., 12]."""
    return torch.cat([STEP_S * proprio[..., QD], 0.0 * proprio[..., MOTION]], -1)


def delayed(rows: Tensor, count: int, first_step: Tensor | None = None) -> Tensor:
    """[B,T,D] -> the last `count` rows at each step, newest first, [B,T,count*D].

    Rows before the first follow from it by going back `first_step` [B,1,D] each; None: they repeat it.
    """
    parts = [rows]
    for _ in range(count - 1):
        first = parts[-1][:, :1] if first_step is None else parts[-1][:, :1] - first_step
        parts.append(torch.cat([first, parts[-1][:, :-1]], 1))
    return torch.cat(parts, -1)


def windows_of(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Rows [B,T,16] -> what the windows held after each of them, [B,T,96] and [B,T,36]."""
    proprio = rows[..., PROPRIO]
    motion = delayed(proprio, MOTION_LAGS, drift(proprio[:, :1]))
    return motion, delayed(rows[..., COMMAND], COMMAND_LAGS)


def open_loop(model: JointWorld, rows: Tensor, starts: list[int], horizon: int, actions: Tensor | None = None):
    """Predictions from each start of each episode, rows [B,T,16] -> mean, std [starts*B, horizon, 12].

    Starts vary slowest. `actions` replaces the recorded future setpoints.
    """
    motion, commands = windows_of(rows[:, : max(starts) + 1])
    states = model.filter_sequence(motion, commands)
    if actions is None:
        actions = torch.cat([rows[:, t + 1 : t + 1 + horizon, COMMAND] for t in starts])
    z, motion, commands = (
        torch.cat([part[:, t] for t in starts]) for part in (states, motion, commands)
    )
    return model.rollout(z, motion, commands, actions)
