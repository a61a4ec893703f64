"""The network: a recurrent filter over what was observed and a recurrent predictor over what is commanded.

`observe` folds one observation (joint position, velocity, torque, standing setpoint) into the state.
`rollout` starts from that state and imagines K steps under given setpoints, feeding back its own mean.
Each step's mean is a linear map of the last steps (fitted by least squares before training, an ARX
model) plus what the recurrent core adds: a small network alone loses to four lines of linear algebra
on joint motion.

State, `S = width + 12 * MOTION_LAGS + 4 * COMMAND_LAGS + 1` floats:
filter | last observations, newest first | last setpoints, newest first | 1 once anything was observed.
All zeros = nothing observed.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import silu

from layout import COMMAND, MAX_HORIZON, MOTION, PROPRIO, QD, STEP_S

PROPRIO_WIDTH = 12
COMMAND_WIDTH = 4
OUTPUT_WIDTH = 8
MOTION_LAGS = 4
COMMAND_LAGS = 6
MOTION_WINDOW = PROPRIO_WIDTH * MOTION_LAGS
COMMAND_WINDOW = COMMAND_WIDTH * COMMAND_LAGS
FEATURES = MOTION_WINDOW + COMMAND_WINDOW
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


class MiniWorld(nn.Module):
    """See the module text. Inputs and outputs are in rad, rad/s and Nm; scaling is inside."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width
        self.state_size = width + FEATURES + 1
        self.filter = GruCell(FEATURES, width)
        self.core = GruCell(FEATURES, width)
        self.linear = nn.Linear(FEATURES, PROPRIO_WIDTH)
        self.trunk = nn.Linear(width, width)
        self.mean_head = nn.Linear(width, PROPRIO_WIDTH)
        self.gate_head = nn.Linear(width, PROPRIO_WIDTH)
        self.std_head = nn.Linear(width, PROPRIO_WIDTH)
        for head in (self.mean_head, self.gate_head, self.std_head):
            nn.init.zeros_(head.weight)
            nn.init.zeros_(head.bias)
        # Set from the training data by `fit_scales`. `step_scale`: typical change over one step.
        self.register_buffer("proprio_mean", torch.zeros(PROPRIO_WIDTH))
        self.register_buffer("proprio_std", torch.ones(PROPRIO_WIDTH))
        self.register_buffer("step_scale", torch.ones(PROPRIO_WIDTH))
        self.register_buffer("change_scale", torch.ones(PROPRIO_WIDTH * (MOTION_LAGS - 1)))
        self.register_buffer("lead_scale", torch.ones(COMMAND_WIDTH))
        self.register_buffer("move_scale", torch.ones(COMMAND_WIDTH * (COMMAND_LAGS - 1)))
        self.register_buffer("calibration", torch.ones(MAX_HORIZON, OUTPUT_WIDTH))

    def features(self, motion: Tensor, commands: Tensor) -> Tensor:
        """Windows [..., 48] and [..., 24], newest first -> scaled values and changes [..., 72]."""
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

    def windows_from_state(self, proprio: Tensor, action: Tensor, state: Tensor, shift: int):
        """Windows with `proprio` and `action` newest, before stored rows from `shift` on.

        Before anything was observed the joints are taken to have come with their present velocity,
        and the setpoint to have stood still.
        """
        seen = state[:, -1:]
        stored = state[:, self.width : -1]
        motion, commands = stored[:, :MOTION_WINDOW], stored[:, MOTION_WINDOW:]
        old_motion = motion[:, shift * PROPRIO_WIDTH : (MOTION_LAGS - 1 + shift) * PROPRIO_WIDTH]
        old_commands = commands[:, shift * COMMAND_WIDTH : (COMMAND_LAGS - 1 + shift) * COMMAND_WIDTH]
        back = drift(proprio)
        came_motion = torch.cat([proprio - lag * back for lag in range(1, MOTION_LAGS)], 1)
        still_commands = torch.cat([action] * (COMMAND_LAGS - 1), 1)
        return (
            torch.cat([proprio, came_motion + seen * (old_motion - came_motion)], 1),
            torch.cat([action, still_commands + seen * (old_commands - still_commands)], 1),
        )

    def observe(self, proprio: Tensor, action: Tensor, state: Tensor) -> Tensor:
        """proprio [N,12], action [N,4], state [N,S] -> state [N,S]."""
        motion, commands = self.windows_from_state(proprio, action, state, 0)
        h = self.filter(bounded(self.features(motion, commands)), state[:, : self.width])
        return torch.cat([h, motion, commands, torch.ones_like(state[:, -1:])], 1)

    def predict_step(self, z: Tensor, motion: Tensor, commands: Tensor, action: Tensor):
        """One imagined step under `action` [N,4]: latent and windows move on, and the deviation [N,12]."""
        commands = torch.cat([action, commands[:, :-COMMAND_WIDTH]], 1)
        features = self.features(motion, commands)
        z = self.core(bounded(features), z)
        hidden = silu(self.trunk(z))
        # A servo at its torque limit obeys no linear map: the gate, 1 at first, can close.
        gate = 2.0 * torch.sigmoid(self.gate_head(hidden))
        change = self.step_scale * (gate * self.linear(features) + self.mean_head(hidden))
        spread = 8.0 * torch.tanh(self.std_head(hidden) / 8.0)
        std = self.step_scale * (STD_FLOOR + torch.exp(spread))
        now = motion[:, :PROPRIO_WIDTH] + change
        return z, torch.cat([now, motion[:, :-PROPRIO_WIDTH]], 1), commands, std

    # Whole sequences, for training and evaluation.

    def filter_sequence(self, motion: Tensor, commands: Tensor) -> Tensor:
        """Windows [B,T,48], [B,T,24], from an empty state -> filter states [B,T,width]."""
        gates = self.filter.input(bounded(self.features(motion, commands)))
        h = gates.new_zeros(gates.shape[0], self.width)
        states = []
        for from_input in gates.unbind(1):
            h = self.filter.step(from_input, h)
            states.append(h)
        return torch.stack(states, 1)

    def rollout(self, z: Tensor, motion: Tensor, commands: Tensor, actions: Tensor):
        """Latents and windows at the start, actions [N,K,4] -> mean, uncalibrated std [N,K,12]."""
        means, stds = [], []
        for action in actions.unbind(1):
            z, motion, commands, std = self.predict_step(z, motion, commands, action)
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


def open_loop(model: MiniWorld, rows: Tensor, starts: list[int], horizon: int, actions: Tensor | None = None):
    """Predictions from each start of each episode, rows [B,T,16] -> mean, std [starts*B, horizon, 12].

    Starts vary slowest. `actions` replaces the recorded future setpoints.
    """
    past = rows[:, : max(starts) + 1]
    proprio = past[..., PROPRIO]
    motion = delayed(proprio, MOTION_LAGS, drift(proprio[:, :1]))
    commands = delayed(past[..., COMMAND], COMMAND_LAGS)
    states = model.filter_sequence(motion, commands)
    if actions is None:
        actions = torch.cat([rows[:, t + 1 : t + 1 + horizon, COMMAND] for t in starts])
    z, motion, commands = (
        torch.cat([part[:, t] for t in starts]) for part in (states, motion, commands)
    )
    return model.rollout(z, motion, commands, actions)
