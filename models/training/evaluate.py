"""Judges `work/final.pt` once on held-out episodes and writes `work/metrics.json`.

Beside the errors: how often the 90 % interval holds, whether the deviation says where the errors are,
and negative controls that must come out worse, or the model is not using what it claims to use.
"""

from __future__ import annotations

import json

import numpy as np
import torch

from baselines import (
    ArxDirect,
    BearingArx,
    constant_turn,
    constant_velocity,
    hold,
    hold_bearing,
    windows,
)
from calibrate import bearing_mask, future_of, load_final
from layout import (
    BEARING,
    COMMAND,
    DEVICE,
    IN_VIEW,
    LATENT_WIDTH,
    MAX_HORIZON,
    MOTION,
    QD,
    REPORTED_HORIZONS,
    TAU,
    WORK,
    Q,
    load_split,
    load_truth,
    open_pictures,
)
from vision import Decoder
from world import NINETY, STATE, Prediction, World, load_codes, load_decoder, roll_out, seen_part, states_at

STARTS = list(range(31, 224, 16))
# ARX is fitted on a window every so many steps of the training episodes.
ARX_STRIDE = 15
CONTROL_HORIZONS = (1, 8, 16, 32)
DROPPED = 0.2
# Of the service's online scale: how fast it follows, and the share of misses it aims at.
SCALE_RATE, MISSES = 0.06, 0.1
OOD_WEIGHT = 0.1


class Held:
    """A split with everything that is compared: past, future, states after the starts."""

    def __init__(self, world: World, split: str, starts: list[int], shown: str = "all") -> None:
        self.split, self.starts = split, starts
        self.rows, self.truth = load_split(split), load_truth(split)
        self.codes, self.flags, self.ages = seen_part(load_codes(split, self.truth.shape[:2]), self.truth)
        random = torch.Generator().manual_seed(5)
        if shown == "some":
            self.flags = self.flags * (torch.rand(self.flags.shape, generator=random) > DROPPED)
        if shown == "none":
            self.flags = torch.zeros_like(self.flags)
        if shown == "others":
            self.codes, self.flags, self.ages = (part.roll(1, 0) for part in (self.codes, self.flags, self.ages))
        self.past, self.future = windows(self.rows, starts, MAX_HORIZON)
        self.seen_past, self.seen_future = windows(self.truth, starts, MAX_HORIZON)
        self.sighted_past, _ = windows(sightings(self.codes.numpy(), self.truth), starts, MAX_HORIZON)
        self.mask = bearing_mask(self.truth, starts)
        rows = torch.from_numpy(self.rows)
        self.state = states_at(world, rows, self.codes, self.flags, self.ages, starts)
        self.actions = torch.from_numpy(np.ascontiguousarray(self.future[..., COMMAND]))

    def predict(self, world: World) -> Prediction:
        return roll_out(world, self.state, self.actions)


def rmse(error: np.ndarray) -> float:
    return float(np.sqrt(np.square(error, dtype=np.float64).mean()))


def at_horizons(measure, horizons=REPORTED_HORIZONS) -> list[float]:
    return [float(measure(k - 1)) for k in horizons]


def joint_tables(held: Held, made: Prediction, arx: ArxDirect) -> dict[str, object]:
    past, future = held.past, held.future
    linear = {k: arx.predict(past, future, k) for k in REPORTED_HORIZONS}
    methods = {
        "hold": lambda k: hold(past, k)[:, -1],
        "constantVelocity": lambda k: constant_velocity(past, k)[:, -1],
        "arxDirect": lambda k: linear[k],
        "model": lambda k: made.mean[:, k - 1],
    }
    result: dict[str, object] = {}
    for unit, dims in (("qRmseRad", Q), ("qdRmseRadPerS", QD)):
        result[unit] = {
            name: [rmse(method(k)[:, dims] - future[:, k - 1, dims]) for k in REPORTED_HORIZONS]
            for name, method in methods.items()
        }
    result["qMedianAbsRad"] = {
        name: [float(np.median(np.abs(methods[name](k)[:, Q] - future[:, k - 1, Q]))) for k in REPORTED_HORIZONS]
        for name in ("arxDirect", "model")
    }
    limits = np.array([axis["maxEffortNm"] for axis in json.loads(DEVICE.read_text())["axes"]])
    strained = [(np.abs(rows[..., TAU]) >= 0.98 * limits).any((1, 2)) for rows in (past, future)]
    for name, chosen in (("overloaded", strained[0] | strained[1]), ("withinTorque", ~(strained[0] | strained[1]))):
        if not chosen.any():
            continue
        result[name] = {"share": float(chosen.mean())} | {
            method: [rmse((methods[method](k) - future[:, k - 1, MOTION])[chosen][:, Q]) for k in REPORTED_HORIZONS]
            for method in ("arxDirect", "model")
        }
    return result


def sightings(codes: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Rows as `truth`'s, with the bearings the finder read from the pictures."""
    rows = truth.copy()
    rows[..., BEARING] = np.arctan(codes[..., LATENT_WIDTH : LATENT_WIDTH + 2])
    return rows


def bearing_tables(held: Held, made: Prediction, arx: BearingArx, oracle: BearingArx) -> dict[str, object]:
    seen, mask = held.seen_future[..., BEARING], held.mask
    methods = {
        "hold": lambda k: hold_bearing(held.sighted_past, k)[:, -1],
        "constantTurn": lambda k: constant_turn(held.sighted_past, k)[:, -1],
        "arxDirect": lambda k: arx.predict(held.past, held.future, held.sighted_past, k),
        "arxOnTruth": lambda k: oracle.predict(held.past, held.future, held.seen_past, k),
        "model": lambda k: made.bearing[:, k - 1],
    }
    table = {
        name: [float(np.abs(method(k) - seen[:, k - 1])[mask[:, k - 1]].mean()) for k in REPORTED_HORIZONS]
        for name, method in methods.items()
    }
    truth = held.seen_future[..., IN_VIEW] > 0.5
    now = held.seen_past[:, -1, IN_VIEW] > 0.5
    return {
        "bearingMaeRad": table,
        "visibilityRight": {
            "hold": at_horizons(lambda k: (now == truth[:, k]).mean()),
            "model": at_horizons(lambda k: ((made.seen[:, k, 0] > 0.5) == truth[:, k]).mean()),
        },
    }


def inside(error: np.ndarray, std: np.ndarray) -> np.ndarray:
    return np.abs(error) <= NINETY * std


def ranks(values: np.ndarray) -> np.ndarray:
    out = np.empty(len(values))
    out[np.argsort(values)] = np.arange(len(values))
    return out


def spearman(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(ranks(a.ravel()), ranks(b.ravel()))[0, 1])


def interval_tables(held: Held, made: Prediction) -> dict[str, object]:
    error = held.future[..., MOTION] - made.mean
    off = held.seen_future[..., BEARING] - made.bearing
    held_in = inside(error, made.std)
    steps = [k - 1 for k in REPORTED_HORIZONS]
    all_off, all_std = np.abs(off[:, steps]), made.bearing_std[:, steps]
    bearing_in, mask = inside(off, made.bearing_std), held.mask
    return {
        "coverage90": {
            "q": at_horizons(lambda k: held_in[:, k, Q].mean()),
            "qd": at_horizons(lambda k: held_in[:, k, QD].mean()),
            "bearing": at_horizons(lambda k: bearing_in[:, k][mask[:, k]].mean()),
        },
        "halfWidth90Rad": {
            "q": at_horizons(lambda k: NINETY * made.std[:, k, Q].mean()),
            "bearing": at_horizons(lambda k: NINETY * made.bearing_std[:, k][mask[:, k]].mean()),
        },
        "spearman": {
            "q": at_horizons(lambda k: spearman(np.abs(error[:, k, Q]), made.std[:, k, Q])),
            "qPerAxis": at_horizons(
                lambda k: np.mean([spearman(np.abs(error[:, k, a]), made.std[:, k, a]) for a in range(4)])
            ),
            "bearing": at_horizons(
                lambda k: spearman(np.abs(off[:, k][mask[:, k]]), made.bearing_std[:, k][mask[:, k]])
            ),
            "ofAllHorizons": {
                "q": spearman(np.abs(error[:, steps][..., Q]), made.std[:, steps][..., Q]),
                "bearing": spearman(all_off[mask[:, steps]], all_std[mask[:, steps]]),
            },
        },
    }


@torch.no_grad()
def picture_tables(held: Held, made: Prediction) -> dict[str, list[float]]:
    """Of the mean square error over all rollouts, dB."""
    decoder, pictures = load_decoder(), open_pictures(held.split)
    last = np.concatenate([pictures[:, t] for t in held.starts]).astype(np.float32)
    result = {"copyLast": [], "model": [], "ceiling": []}
    for k in REPORTED_HORIZONS:
        true = np.concatenate([pictures[:, t + k] for t in held.starts]).astype(np.float32)
        codes = np.concatenate([held.codes[:, t + k, :LATENT_WIDTH] for t in held.starts])
        drawn = {
            "copyLast": last,
            "model": decoded(decoder, made.code[:, k - 1]),
            "ceiling": decoded(decoder, codes),
        }
        for name, picture in drawn.items():
            result[name].append(float(10 * np.log10(255**2 / np.square(picture - true).mean())))
    return result


def decoded(decoder: Decoder, codes: np.ndarray) -> np.ndarray:
    parts = [decoder(torch.from_numpy(np.ascontiguousarray(part))) for part in np.array_split(codes, 16)]
    return torch.cat(parts).numpy().astype(np.float32)


def online_coverage(world: World, held: Held) -> dict[str, list[float]]:
    """Coverage of joints with a scale per axis and horizon that follows the misses, as the service has it."""
    starts = list(range(31, 224, 4))
    dense = Held(world, held.split, starts)
    made = dense.predict(world)
    shape = (len(starts), len(dense.rows))
    error = np.abs(dense.future[..., MOTION] - made.mean)[..., Q].reshape(*shape, MAX_HORIZON, 4)
    std = made.std[..., Q].reshape(error.shape)
    scale, hits = np.ones(error.shape[1:]), []
    for t in range(len(starts)):
        missed = error[t] > NINETY * std[t] * scale
        hits.append(~missed)
        # Four observed rows lie between two starts.
        for _ in range(4):
            scale = scale * np.exp(SCALE_RATE * (missed - MISSES))
    late = np.stack(hits[len(starts) // 3 :])
    return {"q": at_horizons(lambda k: late[:, :, k].mean())}


def controls(world: World, held: Held) -> dict[str, object]:
    """What the joint error and the 90 % coverage become when the model is told something false."""
    true = held.future[..., COMMAND]
    standing = held.past[:, -1:, COMMAND]
    groups = (len(held.starts), len(held.rows))
    moves = np.roll((true - standing).reshape(*groups, MAX_HORIZON, 4), 1, axis=1).reshape(true.shape)
    empty = fresh_states(world, held)
    torch.manual_seed(3)
    cases = {
        "trueActions": (world, held.state, true),
        "holdLastCommand": (world, held.state, np.repeat(standing, MAX_HORIZON, 1)),
        "otherEpisodesMoves": (world, held.state, standing + moves),
        "noContext": (world, empty, true),
        "randomWeights": (scrambled(world), held.state, true),
    }
    table = {}
    for name, (model, state, actions) in cases.items():
        made = roll_out(model, state, torch.from_numpy(np.ascontiguousarray(actions, np.float32)))
        error = made.mean - held.future[..., MOTION]
        off = np.abs(made.bearing - held.seen_future[..., BEARING])
        table[name] = {
            "qRmseRad": at_horizons(lambda k: rmse(error[:, k, Q]), CONTROL_HORIZONS),
            "coverage90": at_horizons(lambda k: inside(error, made.std)[:, k, Q].mean(), CONTROL_HORIZONS),
            "bearingMaeRad": at_horizons(lambda k: off[:, k][held.mask[:, k]].mean(), CONTROL_HORIZONS),
        }
    others = Held(world, held.split, held.starts, "others").predict(world)
    off = np.abs(others.bearing - held.seen_future[..., BEARING])
    error = others.mean - held.future[..., MOTION]
    table["otherEpisodesPictures"] = {
        "qRmseRad": at_horizons(lambda k: rmse(error[:, k, Q]), CONTROL_HORIZONS),
        "bearingMaeRad": at_horizons(lambda k: off[:, k][held.mask[:, k]].mean(), CONTROL_HORIZONS),
    }
    return {"horizons": CONTROL_HORIZONS, **table}


def fresh_states(world: World, held: Held) -> torch.Tensor:
    """After the start's row alone."""
    rows = torch.cat([torch.from_numpy(held.rows[:, t : t + 1].copy()) for t in held.starts])
    pick = lambda part: torch.cat([part[:, t : t + 1] for t in held.starts])
    return states_at(world, rows, pick(held.codes), pick(held.flags), pick(held.ages), [0])


def scrambled(world: World) -> World:
    """The same scales, other weights."""
    other = World()
    buffers = dict(world.named_buffers())
    for name, buffer in other.named_buffers():
        buffer.copy_(buffers[name])
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    return other.eval()


def other_shows(world: World, split: str) -> dict[str, object]:
    """Dropped pictures, and none at all."""
    result = {}
    for shown in ("all", "some", "none"):
        held = Held(world, split, STARTS, shown)
        made = held.predict(world)
        off = np.abs(made.bearing - held.seen_future[..., BEARING])
        error = made.mean - held.future[..., MOTION]
        result[shown] = {
            "qRmseRad": at_horizons(lambda k: rmse(error[:, k, Q])),
            "bearingMaeRad": at_horizons(lambda k: off[:, k][held.mask[:, k]].mean()),
            "meanVisibility": at_horizons(lambda k: made.seen[:, k].mean()),
        }
    return result


def stream(world: World) -> dict[str, object]:
    """Long episodes: joint and bearing error at k = 8 and the state's size, by thousand steps."""
    starts = list(range(47, 3008, 16))
    held = Held(world, "long", starts)
    made = held.predict(world)
    error = np.square(made.mean[:, 7] - held.future[:, 7, MOTION])[:, Q].mean(1)
    off = np.abs(made.bearing[:, 7] - held.seen_future[:, 7, BEARING]).mean(1)
    norm = held.state.norm(dim=1).numpy()
    when = np.repeat(starts, len(held.rows))
    parts = [(when >= low) & (when < low + 1000) for low in (0, 1000, 2000)]
    return {
        "qRmseRadAt8": [float(np.sqrt(error[part].mean())) for part in parts],
        "bearingMaeRadAt8": [float(off[part & held.mask[:, 7]].mean()) for part in parts],
        "stateNorm": [float(norm[part].mean()) for part in parts],
        "largestStateNorm": float(norm.max()),
    }


def surprise(world: World, split: str) -> dict[str, float]:
    """The host's score: half the mean squared normalised one-step error, averaged with a weight for the newest."""
    starts = list(range(8, 223))
    rows, truth = load_split(split), load_truth(split)
    state = states_at(world, torch.from_numpy(rows), *seen_part(load_codes(split, truth.shape[:2]), truth), starts)
    future = future_of(rows, starts, 1)
    made = roll_out(world, state, torch.from_numpy(np.ascontiguousarray(future[..., COMMAND])))
    z = np.square((future[..., MOTION] - made.mean) / made.std).mean((1, 2)).reshape(len(starts), -1) / 2
    score, kept = 0.5 * np.ones(z.shape[1]), []
    for each in z:
        score = score + OOD_WEIGHT * (each - score)
        kept.append(score)
    return {f"p{p}": float(np.percentile(np.stack(kept), p)) for p in (50, 90, 99, 99.9)}


def context_need(world: World, split: str) -> dict[str, dict[str, float]]:
    """Error at k = 16 after so many observed steps, always predicting the same instants."""
    at, k = 160, 16
    held = Held(world, split, [at])
    result = {}
    for seen in (1, 2, 4, 8, 16, 32, 64, 128):
        crop = slice(at - seen + 1, at + 1)
        rows = torch.from_numpy(held.rows[:, crop].copy())
        state = states_at(world, rows, held.codes[:, crop], held.flags[:, crop], held.ages[:, crop], [seen - 1])
        made = roll_out(world, state, held.actions)
        off = np.abs(made.bearing[:, k - 1] - held.seen_future[:, k - 1, BEARING])
        result[str(seen)] = {
            "qRmseRad": rmse(made.mean[:, k - 1, Q] - held.future[:, k - 1, Q]),
            "bearingMaeRad": float(off[held.mask[:, k - 1]].mean()),
        }
    return result


def show(name: str, table: object, indent: int = 0) -> None:
    if isinstance(table, dict):
        print(f"{' ' * indent}{name}")
        for key, part in table.items():
            show(key, part, indent + 2)
    elif isinstance(table, (list, tuple)):
        print(f"{' ' * indent}{name}".ljust(34), *(f"{v:9.4f}" for v in table))
    else:
        print(f"{' ' * indent}{name}".ljust(34), table)


def main() -> None:
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    world = load_final()
    train, joints = load_split("train"), load_split("joints")
    starts = list(range(8, 224, ARX_STRIDE))
    arx = ArxDirect(*windows(np.concatenate([train, joints[:2400]]), starts, MAX_HORIZON))
    truth = load_truth("train")
    past, future = windows(train, starts, MAX_HORIZON)
    seen_past, seen_future = windows(truth, starts, MAX_HORIZON)
    sighted_past, _ = windows(sightings(load_codes("train", truth.shape[:2]), truth), starts, MAX_HORIZON)
    mask = bearing_mask(truth, starts)
    bearing_arx = BearingArx(past, future, sighted_past, seen_future, mask)
    oracle = BearingArx(past, future, seen_past, seen_future, mask)
    metrics: dict[str, object] = {"horizons": REPORTED_HORIZONS}
    for split in ("test", "heavy", "worn"):
        if not (WORK / f"{split}.z.f32").exists():
            continue
        held = Held(world, split, STARTS)
        made = held.predict(world)
        metrics[split] = {
            "rollouts": len(held.past),
            **joint_tables(held, made, arx),
            **bearing_tables(held, made, bearing_arx, oracle),
            **interval_tables(held, made),
            "psnrDb": picture_tables(held, made),
            "onlineCoverage90": online_coverage(world, held),
            "surprise": surprise(world, split),
        }
        if split == "test":
            metrics["controls"] = controls(world, held)
    metrics["surpriseVal"] = surprise(world, "val")
    metrics["shown"] = other_shows(world, "test")
    metrics["contextSteps"] = context_need(world, "test")
    if (WORK / "long.z.f32").exists():
        metrics["stream"] = stream(world)
    (WORK / "metrics.json").write_text(json.dumps(metrics, indent=1))
    show("metrics", metrics)


if __name__ == "__main__":
    main()
