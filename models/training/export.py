"""Writes the package into `models/embedded/`: graphs, golden vectors, model card, manifest."""

from __future__ import annotations

import hashlib
import json
import warnings
from datetime import date
from pathlib import Path

import numpy as np
import onnx
import torch

import model_card
from calibrate import load_final
from graphs import OPSET, SharedWeights, decode_graph, encode_graph, observe_graph, rollout_graph
from layout import (
    AXES,
    COMMAND,
    DEVICE,
    FRAME_AGE,
    IN_VIEW,
    MAX_HORIZON,
    PACKAGE,
    PICTURE_PX,
    PROPRIO,
    STEP_S,
    WORK,
    load_split,
    load_truth,
    open_pictures,
)
from world import STATE, World, load_decoder, load_looker, roll_out

# Counts the packages of a day.
REVISION = 1
# First ONNX Runtime with LinearAttention.
NATIVE_ORT = ">=1.25.1"
GOLDEN_OBSERVATIONS = 20
GOLDEN_ACTIONS = 16
# Observations of the golden rollout whose picture is left out.
GOLDEN_GAPS = (3, 9, 10, 16)
UNSEALED = "0" * 64
SPLITS = ("joints", "train", "val", "test", "heavy", "worn", "long", "branch")
GRAPHS = ("encode", "observe", "rollout", "decode")
FILES = (
    *(f"{graph}.onnx" for graph in GRAPHS),
    "observe-native.onnx",
    "rollout-native.onnx",
    "weights.bin",
    "golden.json",
    "golden-cam0.u8",
    "model-card.md",
)


def rounded(values: torch.Tensor) -> list:
    """Shortest decimals that give the same float32."""
    return [rounded(v) for v in values] if values.dim() else float(str(np.float32(values.item())))


def golden_stretch() -> tuple[int, int]:
    """Episode and first row of the liveliest stretch of the test episodes with the target in view."""
    length = GOLDEN_OBSERVATIONS + GOLDEN_ACTIONS
    rows, truth = load_split("test")[:, 40 : 40 + length], load_truth("test")[:, 40 : 40 + length]
    travel = np.abs(np.diff(rows[..., COMMAND], axis=1)).sum((1, 2))
    seen = truth[..., IN_VIEW].mean(1) > 0.9
    return int(np.where(seen, travel, -1).argmax()), 40


@torch.no_grad()
def golden(world: World) -> tuple[dict[str, object], np.ndarray]:
    """Predicted by torch, pictures encoded by torch too; and the pictures."""
    episode, first = golden_stretch()
    part = slice(first, first + GOLDEN_OBSERVATIONS)
    rows = torch.from_numpy(load_split("test")[episode])
    ages = load_truth("test")[episode, part, FRAME_AGE]
    shown = [t for t in range(GOLDEN_OBSERVATIONS) if t not in GOLDEN_GAPS and ages[t] >= 0]
    pictures = np.array(open_pictures("test")[episode, part])[shown]
    looker, state, observations = load_looker(), torch.zeros(1, STATE), []
    for t in range(GOLDEN_OBSERVATIONS):
        row = rows[first + t]
        flag, age = float(t in shown), float(str(np.float32(ages[t]))) if t in shown else 0.0
        codes = torch.zeros(1, 67)
        if t in shown:
            codes = looker(torch.from_numpy(pictures[shown.index(t)][None]))
        inputs = (row[None, PROPRIO], row[None, COMMAND], codes, torch.tensor([[flag]]), torch.tensor([[age]]))
        state = world.observe(*inputs, state)
        observation = {"proprio": rounded(row[PROPRIO]), "action": rounded(row[COMMAND])}
        if t in shown:
            observation |= {"frames": {"cam0": shown.index(t)}, "frame_age_s": {"cam0": age}}
        observations.append(observation)
    actions = rows[first + GOLDEN_OBSERVATIONS :][:GOLDEN_ACTIONS, COMMAND]
    made = roll_out(world, state, actions[None])
    seen = np.asarray(made.seen[0])
    heads = {
        "pred.bearing.mean": made.bearing[0],
        "pred.bearing.std": made.bearing_std[0],
        "pred.visibility.mean": seen,
        "pred.visibility.std": np.sqrt(seen * (1 - seen)),
    }
    return {
        "observations": observations,
        "streams": {"cam0": {"file": "golden-cam0.u8", "count": len(shown)}},
        "actionsRad": rounded(actions),
        "mean": rounded(torch.from_numpy(made.mean[0])),
        "std": rounded(torch.from_numpy(made.std[0])),
        "heads": {name: rounded(torch.from_numpy(values)) for name, values in heads.items()},
    }, pictures


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def sealed(text: str) -> str:
    """The manifest with its seal: the sha256 of its own text while the seal is all zeros."""
    return text.replace(UNSEALED, hashlib.sha256(text.encode()).hexdigest(), 1)


def training_facts(world: World) -> dict[str, object]:
    saved = torch.load(WORK / "final.pt")
    parts = {name: torch.load(WORK / f"{name}.pt") for name in ("eye", "decoder", "finder")}
    first = saved["runs"][saved["joints"]]["options"]["start"]
    first_run = torch.load(WORK / f"{first}.pt") if first else None
    count = lambda module: sum(p.numel() for p in module.parameters())
    return {
        "parameters": {"joints": count(world.joints), "sight": count(world.sight), "encoder": count(load_looker()), "decoder": count(load_decoder())},
        "stateSize": STATE,
        "joints": saved["runs"][saved["joints"]],
        "jointsFirst": saved["runs"][saved["joints"]]
        if first_run is None
        else {"options": first_run["options"], "last": first_run["history"][-1]},
        "sight": saved["runs"][saved["sight"]],
        **{name: {"options": part["options"], "last": part["history"][-1]} for name, part in parts.items()},
        "calibrationFactors": [
            [float(table.min()), float(table.max())]
            for table in (world.joints.calibration, world.sight.bearing_calibration)
        ],
        "data": {split: json.loads((WORK / f"{split}.json").read_text()) for split in SPLITS if (WORK / f"{split}.json").exists()},
        "versions": {"torch": torch.__version__, "onnx": onnx.__version__, "numpy": np.__version__},
    }


def in_graph(mean: torch.Tensor, std: torch.Tensor) -> dict[str, object]:
    return {"kind": "in-graph", "mean": rounded(mean), "std": rounded(std)}


def manifest_metrics(metrics: dict) -> dict[str, object]:
    """The part of the evaluation worth reading without the card."""
    kept = ("rollouts", "qRmseRad", "bearingMaeRad", "visibilityRight", "psnrDb", "coverage90", "spearman")
    splits = [split for split in ("test", "heavy", "worn") if split in metrics]
    return {
        "horizonSteps": metrics["horizons"],
        **{split: {key: metrics[split][key] for key in kept} for split in splits},
        "controls": metrics["controls"],
        "whatIf": metrics["whatIf"],
    }


def significant(value: object) -> object:
    """Four significant digits are enough for a figure."""
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, dict):
        return {key: significant(item) for key, item in value.items()}
    return [significant(item) for item in value] if isinstance(value, (list, tuple)) else value


def graph_entries() -> dict[str, object]:
    def twin(name: str) -> dict[str, object]:
        native = {"file": f"{name}-native.onnx", "external_data": ["weights.bin"], "ort": NATIVE_ORT}
        return {"file": f"{name}.onnx", "external_data": ["weights.bin"], "providers": {"cpu": native}}

    return {
        "encode": {"file": "encode.onnx", "in": {"image": "stream:cam0"}, "out": {"latent": "latent.obs"}},
        "observe": {
            **twin("observe"),
            "in": {
                "proprio": "proprio.cur",
                "action": "action.cur",
                "latent": "latent.cur",
                "has_frame": "has_frame:cam0",
                "frame_age": "frame_age:cam0",
                "state_in": "state:core",
            },
            "out": {"state_out": "state:core"},
        },
        "rollout": {
            **twin("rollout"),
            "in": {"state": "state:core", "actions": "actions"},
            "out": {
                "proprio_mean": "pred.proprio.mean",
                "proprio_std": "pred.proprio.std",
                "bearing_mean": "pred.bearing.mean",
                "bearing_std": "pred.bearing.std",
                "visibility": "pred.visibility.mean",
                "visibility_std": "pred.visibility.std",
                "latent": "pred.latent.mean",
            },
        },
        "decode": {"file": "decode.onnx", "in": {"latent": "pred.latent.mean"}, "out": {"image": "preview.cam0"}},
    }


def manifest_of(world: World, metrics: dict, facts: dict) -> dict[str, object]:
    device = json.loads(DEVICE.read_text())
    commands = torch.from_numpy(load_split("train")[..., COMMAND])
    joints = [
        {
            "name": axis["name"],
            "unit": "rad",
            "limits": [axis["lowerRad"], axis["upperRad"]],
            "vmax": axis["maxVelocityRadPerS"],
            "amax": axis["maxAccelerationRadPerS2"],
        }
        for axis in device["axes"]
    ]
    names = [joint["name"] for joint in joints]
    assert tuple(names) == AXES
    quantities = (("q", "rad"), ("qd", "rad/s"), ("tau", "Nm"))
    data = facts["data"]
    today = date.today().isoformat()
    return {
        "format": "wmp",
        "version": "1.0",
        "id": "kairos-mini-gimbal4",
        "revision": f"{today}.{REVISION}",
        "seal": UNSEALED,
        "family": "recurrent-latent",
        "action_conditioned": True,
        "conditioning": ["frames", "proprio", "actions"],
        "license": {"spdx": "Apache-2.0", "files": []},
        "provenance": {
            "source": "models/training",
            "training_data": (
                f"{data['train']['episodes']} simulated episodes of {data['train']['steps']} steps with pictures "
                f"and {data['joints']['episodes']} without, each with its own world (sims/embedded), commands "
                "through the shaper"
            ),
            "exporter": f"torch {torch.__version__}, onnx {onnx.__version__}",
            "created": today,
            "claims": ["trained and tested in simulation only", "not safety rated"],
            "seed": facts["sight"]["options"]["seed"],
        },
        "requires": {
            "ort": ">=1.21.0",
            "opsets": {"ai.onnx": OPSET},
            "features": ["dynamic_batch", "dynamic_horizon"],
        },
        "files": [
            {"path": name, "sha256": sha256_of(PACKAGE / name), "bytes": (PACKAGE / name).stat().st_size}
            for name in FILES
        ],
        "embodiment": {
            "name": device["profile"],
            "joints": joints,
            "action": {"space": "joint_position", "order": names, "unit": "rad", "hold": "last"},
            "proprio": {
                "order": [f"{quantity}.{name}" for quantity, _ in quantities for name in names],
                "units": [unit for _, unit in quantities for _ in names],
            },
        },
        "timing": {
            "step_s": STEP_S,
            "max_obs_age_s": 0.12,
            "state_ttl_s": 0.2,
            "horizon": {"max": MAX_HORIZON, "trained": MAX_HORIZON},
            "obs_rate_hz": 1 / STEP_S,
        },
        "streams": {
            "cam0": {
                "size": [PICTURE_PX, PICTURE_PX],
                "resize": "crop",
                "resampler": "area",
                "color": "rgb",
                "layout": "CHW",
                "dtype": "uint8",
            }
        },
        "normalization": {
            "proprio": in_graph(world.joints.proprio_mean, world.joints.proprio_std),
            "action": in_graph(commands.mean((0, 1)), commands.std((0, 1))),
        },
        "graphs": graph_entries(),
        "states": [{"name": "core", "dtype": "float32", "shape": [1, STATE], "init": "zeros"}],
        "programs": {
            "observe": [{"run": "encode", "when": "has_frame:cam0"}, {"run": "observe"}],
            "predict": {"run": "rollout", "branch_from": "observe", "actions": "candidate"},
            "preview": {"run": "decode"},
        },
        "uncertainty": {
            "kind": "gaussian_std",
            "outputs": ["pred.proprio.std", "pred.bearing.std", "pred.visibility.std"],
            "calibration": {
                "method": "in-graph",
                "coverage": 0.9,
                "data": f"{data['val']['episodes']} validation episodes",
            },
            "ood": {"kind": "nll_ewma", "threshold": float(f"{metrics['surpriseVal']['p99.9']:.3g}")},
        },
        "verify": {"golden": "golden.json", "atol": 1e-4},
        "metrics": significant(manifest_metrics(metrics)),
        "model_card": "model-card.md",
    }


def write_graphs(world: World) -> None:
    for stale in PACKAGE.iterdir():
        if stale.name not in FILES and stale.suffix in (".onnx", ".bin", ".u8"):
            stale.unlink()
    onnx.save(encode_graph(load_looker()), PACKAGE / "encode.onnx")
    onnx.save(decode_graph(load_decoder()), PACKAGE / "decode.onnx")
    weights = SharedWeights(PACKAGE / "weights.bin")
    for native, suffix in ((False, ""), (True, "-native")):
        weights.save(observe_graph(world, native), PACKAGE / f"observe{suffix}.onnx")
        weights.save(rollout_graph(world, native), PACKAGE / f"rollout{suffix}.onnx")
    weights.close()


def main() -> None:
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    world = load_final()
    metrics = json.loads((WORK / "metrics.json").read_text())
    metrics["whatIf"] = json.loads((WORK / "counterfactual.json").read_text())
    PACKAGE.mkdir(parents=True, exist_ok=True)
    with torch.no_grad():
        write_graphs(world)
    vectors, pictures = golden(world)
    (PACKAGE / "golden.json").write_text(json.dumps(vectors) + "\n")
    pictures.tofile(PACKAGE / "golden-cam0.u8")
    facts = training_facts(world)
    (PACKAGE / "model-card.md").write_text(model_card.render(metrics, facts))
    manifest = manifest_of(world, metrics, facts)
    (PACKAGE / "manifest.json").write_text(sealed(json.dumps(manifest, indent=2) + "\n"))
    total = sum(path.stat().st_size for path in PACKAGE.iterdir())
    print("\n".join(f"{path.stat().st_size:8d} {path.name}" for path in sorted(PACKAGE.iterdir())))
    print(f"{total:8d} in all")


if __name__ == "__main__":
    main()
