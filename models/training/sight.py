"""The seen half of the world: where the target is, and what the picture will look like.

It is told where the joints are (observed, or as the joint half predicts them) and, when there is one,
what the eye made of the picture. The target is believed to be a point of the world, brought into the
camera's frame by the device's own kinematics, so that a turn of the mount moves it by geometry and the
network adds what geometry does not know: its own motion, its distance, what the picture says. Its drift is
followed by an alpha-beta filter, which the network corrects. Picture
codes are what a map of the room has for the camera's pose, an average over all looks, and the extra that
today's look adds to it, which is carried along.

State, `SIGHT_STATE` floats: memory | estimate now | last observed | steps since the last picture, of
SINCE | 1 once there was a picture | sightings, up to FEW. An estimate is extra, point (3), drift (3), visibility (1). All zeros = nothing seen.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import silu

from camera import POSE_WIDTH, bearing_of, pose_coefficients, products, to_camera, to_world
from layout import LATENT_WIDTH, MAX_HORIZON, QD, Q
from memory import WIDTH, Memory, rms

ESTIMATE_PARTS = (LATENT_WIDTH, 3, 3, 1)
ESTIMATE = sum(ESTIMATE_PARTS)
MEMORY_STATE = sum(Memory.state_sizes)
SIGHT_STATE = MEMORY_STATE + 2 * ESTIMATE + 3
# sin and cos of joints, their change, map, extra, ray, drift, point, visibility; flag, age, imagined, since,
# ever; how far off the sighting was.
TOKEN = 8 + 4 + 2 * LATENT_WIDTH + 3 + 3 + 3 + 1 + 5 + 3
MAP_WIDTH = 256
# How far away a target is taken to be when it is seen, m; the network learns to put it right.
DISTANCE_M = 0.85
# Where a target is taken to be before one was seen: the middle of where they move.
START_M = (0.8, 0.15, 0.35)
# Of the filter: share of a sighting's difference taken into the point and, from the fourth sighting on, into
# the drift per step, and what stays of that from step to step.
ALPHA = 0.6
BETA = 0.09
KEPT_DRIFT = 0.96
FEW = 4.0
# Scales of what the network adds to a point (m), to its drift (m per step) and of a bearing's deviation (rad).
POINT_SCALE = 0.02
DRIFT_SCALE = 0.002
BEARING_STD = 0.03
SINCE = 32.0


class Estimate(NamedTuple):
    """What the code has beyond the map's [N,64], point in the world [N,3], m, its change per step
    [N,3], visibility [N,1] 0..1."""

    extra: Tensor
    point: Tensor
    drift: Tensor
    seen: Tensor

    def moved(self) -> Estimate:
        """A step later."""
        return self._replace(point=self.point + self.drift, drift=KEPT_DRIFT * self.drift)


class Held(NamedTuple):
    """What was last observed, and flags [N,1] as the module text has them."""

    estimate: Estimate
    since: Tensor
    ever: Tensor
    sightings: Tensor


class Sight(NamedTuple):
    """What a step believes: an estimate, and what follows: code [N,64], bearing [N,2] with deviation [N,2],
    logit of visibility [N,1]."""

    estimate: Estimate
    code: Tensor
    bearing: Tensor
    std: Tensor
    logit: Tensor


class RoomMap(nn.Module):
    """Camera pose [N,12] -> the code of what is usually seen from there [N,64]."""

    def __init__(self) -> None:
        super().__init__()
        sizes = (POSE_WIDTH, MAP_WIDTH, MAP_WIDTH, LATENT_WIDTH)
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))

    def forward(self, pose: Tensor) -> Tensor:
        x = silu(self.layers[0](pose))
        x = silu(self.layers[1](x))
        return self.layers[2](x)


class SightWorld(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(TOKEN, WIDTH)
        self.memory = Memory()
        self.norm = nn.Parameter(torch.ones(WIDTH))
        self.room = RoomMap()
        self.extra_hidden = nn.Linear(WIDTH + POSE_WIDTH, 192)
        self.extra_head = nn.Linear(192, LATENT_WIDTH)
        self.keep_head = nn.Linear(192, LATENT_WIDTH)
        # Of the point and of its drift.
        self.point_head = nn.Linear(WIDTH, 6)
        self.std_head = nn.Linear(WIDTH, 2)
        self.seen_hidden = nn.Linear(WIDTH + 6, 32)
        self.seen_head = nn.Linear(32, 1)
        for head in (self.extra_head, self.keep_head, self.point_head, self.std_head, self.seen_head):
            nn.init.normal_(head.weight, std=1e-3)
            nn.init.zeros_(head.bias)
        # Start by keeping nearly all of what today's look adds.
        nn.init.constant_(self.keep_head.bias, 2.5)
        self.register_buffer("coefficients", pose_coefficients())
        self.register_buffer("start", torch.tensor(START_M))
        self.register_buffer("bearing_calibration", torch.ones(MAX_HORIZON, 2))

    def pose(self, q: Tensor) -> Tensor:
        """[N,4] -> camera pose [N,12]."""
        return products(q) @ self.coefficients

    def observed(self, proprio: Tensor, codes: Tensor, age: Tensor) -> Estimate:
        """What the eye saw, [N,67], from where the camera was when the picture was taken."""
        code, tangent, logit = codes[:, :LATENT_WIDTH], codes[:, -3:-1], codes[:, -1:]
        ray = torch.cat([tangent, torch.ones_like(logit)], 1)
        ray = ray * (DISTANCE_M / torch.sqrt(ray.square().sum(1, keepdim=True)))
        pose = self.pose(proprio[:, Q] - age * proprio[:, QD])
        point = to_world(pose, ray)
        return Estimate(code - self.room(pose), point, torch.zeros_like(point), torch.sigmoid(logit))

    def token(
        self, q: Tensor, turned: Tensor, pose: Tensor, room: Tensor, base: Estimate, flags: Tensor, news: Tensor
    ) -> Tensor:
        """Joints [N,4], their change since the last step, what is held or was predicted -> [N,TOKEN].

        `flags` [N,5]: 1 with a picture, its age s, 1 while imagining, steps since a picture of SINCE, 1
        once there was one. `news` [N,3]: by how much a sighting was off, m in the world.
        """
        ray = to_camera(pose, base.point)
        ray = ray / torch.sqrt(ray.square().sum(1, keepdim=True) + 1e-6)
        where = [ray, 30.0 * base.drift, base.point, base.seen]
        return torch.cat([torch.sin(q), torch.cos(q), 10.0 * turned, room, base.extra, *where, flags, 20.0 * news], 1)

    def believe(self, h: Tensor, pose: Tensor, room: Tensor, base: Estimate, ever: Tensor) -> Sight:
        """What follows from a step's features [N,96]."""
        h = rms(h, self.norm)
        look = silu(self.extra_hidden(torch.cat([h, pose], 1)))
        extra = torch.sigmoid(self.keep_head(look)) * base.extra + self.extra_head(look)
        point, drift = self.point_head(h).split([3, 3], 1)
        point, drift = base.point + POINT_SCALE * point, base.drift + DRIFT_SCALE * drift
        bearing = bearing_of(to_camera(pose, point))
        std = BEARING_STD * torch.exp(5.0 * torch.tanh(self.std_head(h) / 5.0))
        near = bearing / torch.sqrt(1.0 + bearing.square())
        hidden = silu(self.seen_hidden(torch.cat([h, near, near.abs(), std.clamp(max=2.0)], 1)))
        logit = 10.0 * torch.tanh(self.seen_head(hidden) / 10.0)
        return Sight(Estimate(extra, point, drift, ever * torch.sigmoid(logit)), room + extra, bearing, std, logit)

    def imagine(self, states, estimate: Estimate, q: Tensor, turned: Tensor, since: Tensor, ever: Tensor):
        """One step ahead without a picture, the joints being at `q` then -> states, Sight."""
        pose = self.pose(q)
        room = self.room(pose)
        base = estimate.moved()
        zero = torch.zeros_like(since)
        flags = torch.cat([zero, zero, zero + 1.0, since, ever], 1)
        token = self.token(q, turned, pose, room, base, flags, torch.zeros_like(q[:, :3]))
        h, states = self.memory.step(self.embed(token), states)
        return states, self.believe(h, pose, room, base, ever)

    def observe(self, proprio: Tensor, turned: Tensor, codes: Tensor, flag: Tensor, age: Tensor, state: Tensor):
        """One observation [N,...] into the state [N,SIGHT_STATE]."""
        *states, _, held, rest = state.split([*Memory.state_sizes, ESTIMATE, ESTIMATE, 3], 1)
        held = Held(self.estimate_of(held, rest[:, 1:2]), *rest.split(1, 1))
        held, news = self.hold(held, self.observed(proprio, codes, age), flag)
        pose = self.pose(proprio[:, Q])
        room = self.room(pose)
        flags = torch.cat([flag, flag * age * 20.0, torch.zeros_like(flag), held.since, held.ever], 1)
        token = self.token(proprio[:, Q], turned, pose, room, held.estimate, flags, news)
        h, states = self.memory.step(self.embed(token), tuple(states))
        now = self.believe(h, pose, room, held.estimate, held.ever).estimate
        return torch.cat([*states, *now, *held.estimate, *held[1:]], 1)

    def hold(self, held: Held, new: Estimate, flag: Tensor) -> tuple[Held, Tensor]:
        """A step later, with a picture in place of the last one where `flag` is 1, and how far its sighting was off.

        A sighting counts as far as the target was seen in it, and the first ones count more.
        """
        old = held.estimate.moved()
        trust = flag * new.seen.square()
        share = (1.0 / (held.sightings + 1.0)).clamp(min=ALPHA)
        news = trust * (new.point - old.point)
        estimate = Estimate(
            old.extra + flag * (new.extra - old.extra),
            old.point + share * news,
            old.drift + BETA / FEW * held.sightings * news,
            old.seen + flag * (new.seen - old.seen),
        )
        since = (1.0 - flag) * (held.since + 1.0 / SINCE).clamp(max=1.0)
        sightings = (held.sightings + trust).clamp(max=FEW)
        return Held(estimate, since, torch.maximum(held.ever, flag), sightings), news

    def estimate_of(self, stored: Tensor, ever: Tensor) -> Estimate:
        extra, point, drift, seen = stored.split(ESTIMATE_PARTS, 1)
        # Zeros stand for nothing seen yet; the target is then where targets are.
        return Estimate(extra, point + (1.0 - ever) * (self.start - point), drift, seen)

    # Whole sequences, for training and evaluation.

    def held_sequence(self, rows: Tensor, codes: Tensor, flags: Tensor, ages: Tensor):
        """Rows [B,T,16], codes [B,T,67], flags and ages [B,T,1] -> what is held and its news, [B,T,...]."""
        batch, steps = rows.shape[:2]
        new = self.observed(rows.flatten(0, 1), codes.flatten(0, 1), ages.flatten(0, 1))
        new = [part.reshape(batch, steps, -1).unbind(1) for part in new]
        zeros = [rows.new_zeros(batch, width) for width in (LATENT_WIDTH, 3, 1)]
        start = Estimate(zeros[0], self.start.expand(batch, 3), zeros[1], zeros[2])
        held, out = Held(start, zeros[2], zeros[2], zeros[2]), []
        for t, flag in enumerate(flags.unbind(1)):
            held, news = self.hold(held, Estimate(*(part[t] for part in new)), flag)
            out.append((*held.estimate, held.since, held.ever, news))
        *estimate, since, ever, news = (torch.stack(part, 1) for part in zip(*out))
        return Estimate(*estimate), since, ever, news

    def filter_sequence(self, rows: Tensor, codes: Tensor, flags: Tensor, ages: Tensor):
        """As `observe` step by step from an empty state -> sights of every step, states after every chunk."""
        batch, steps = rows.shape[:2]
        held, since, ever, news = self.held_sequence(rows, codes, flags, ages)
        q = rows[..., Q]
        turned = torch.cat([torch.zeros_like(q[:, :1]), q[:, 1:] - q[:, :-1]], 1).flatten(0, 1)
        flat = Estimate(*(part.flatten(0, 1) for part in held))
        pose = self.pose(q.flatten(0, 1))
        room = self.room(pose)
        marks = torch.cat([flags, flags * ages * 20.0, torch.zeros_like(flags), since, ever], -1)
        token = self.token(q.flatten(0, 1), turned, pose, room, flat, marks.flatten(0, 1), news.flatten(0, 1))
        h, states = self.memory.sequence(self.embed(token).reshape(batch, steps, WIDTH))
        sight = self.believe(h.flatten(0, 1), pose, room, flat, ever.flatten(0, 1))
        return sight, states, since, ever

    def rollout(self, states, estimate: Estimate, q: Tensor, future: Tensor, since: Tensor, ever: Tensor):
        """From an estimate with the joints at q [N,4], told the joints to come [N,K,4] -> a Sight per step."""
        sights = []
        for k, q_next in enumerate(future.unbind(1)):
            ahead = (since + (k + 1) / SINCE).clamp(max=2.0)
            states, sight = self.imagine(states, estimate, q_next, q_next - q, ahead, ever)
            estimate, q = sight.estimate, q_next
            sights.append(sight)
        return sights


def at_steps(sight: Sight, batch: int, steps: list[int]) -> Estimate:
    """Estimates of some steps of a filtered sequence [B*T], steps varying slowest."""
    return Estimate(
        *(torch.cat([part.reshape(batch, -1, part.shape[-1])[:, t] for t in steps]) for part in sight.estimate)
    )
