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
from calibrate import load_model
from graphs import OPSET, observe_graph, rollout_graph
from layout import (
    AXES,
    COMMAND,
    DEVICE,
    MAX_HORIZON,
    MOTION,
    PACKAGE,
    PROPRIO,
    SPLITS,
    STEP_S,
    WORK,
    load_split,
)
from network import MiniWorld, open_loop

# Counts the packages of a day.
REVISION = 2
GOLDEN_OBSERVATIONS = 20
GOLDEN_ACTIONS = 16
UNSEALED = "0" * 64


def rounded(values: torch.Tensor) -> list:
    """Shortest decimals that give the same float32."""
    return [rounded(v) for v in values] if values.dim() else float(str(np.float32(values.item())))


@torch.no_grad()
def golden(model: MiniWorld) -> dict[str, list]:
    """The liveliest stretch among the first test episodes, predicted by torch."""
    length = GOLDEN_OBSERVATIONS + GOLDEN_ACTIONS
    stretches = torch.from_numpy(load_split("test")[:32, 40 : 40 + length])
    travel = (stretches[:, 1:, COMMAND] - stretches[:, :-1, COMMAND]).abs().sum((1, 2))
    rows = stretches[travel.argmax()][None]
    mean, std = open_loop(model, rows, [GOLDEN_OBSERVATIONS - 1], GOLDEN_ACTIONS)
    observed = rows[0, :GOLDEN_OBSERVATIONS]
    return {
        "observations": [
            {"proprio": rounded(row[PROPRIO]), "action": rounded(row[COMMAND])} for row in observed
        ],
        "actionsRad": rounded(rows[0, GOLDEN_OBSERVATIONS:, COMMAND]),
        "mean": rounded(mean[0, :, MOTION]),
        "std": rounded(std[0, :, MOTION] * model.calibration[:GOLDEN_ACTIONS]),
    }


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def sealed(text: str) -> str:
    """The manifest with its seal: the sha256 of its own text while the seal is all zeros."""
    return text.replace(UNSEALED, hashlib.sha256(text.encode()).hexdigest(), 1)


def training_facts(model: MiniWorld) -> dict[str, object]:
    saved = torch.load(WORK / "final.pt")
    data = json.loads((WORK / "train.json").read_text())
    return {
        "parameters": sum(p.numel() for p in model.parameters()),
        "width": model.width,
        "stateSize": model.state_size,
        "seed": saved["options"]["seed"],
        "chosenFrom": saved["chosen"],
        "iterations": saved["options"]["iterations"],
        "seconds": saved["history"][-1]["seconds"],
        "calibrationFactors": [float(model.calibration.min()), float(model.calibration.max())],
        "data": {split: json.loads((WORK / f"{split}.json").read_text()) for split in SPLITS},
        "trainEpisodes": data["episodes"],
        "versions": {"torch": torch.__version__, "onnx": onnx.__version__, "numpy": np.__version__},
    }


def in_graph(mean: torch.Tensor, std: torch.Tensor) -> dict[str, object]:
    return {"kind": "in-graph", "mean": rounded(mean), "std": rounded(std)}


def manifest_metrics(metrics: dict) -> dict[str, object]:
    """The part of the evaluation worth reading without the card."""
    kept = ("rollouts", "qRmseRad", "qdRmseRadPerS", "coverage90", "withinTorque", "overloaded")
    return {
        "horizonSteps": metrics["horizons"],
        **{split: {key: metrics[split][key] for key in kept} for split in ("test", "heavy")},
        "controls": metrics["controls"],
    }


def significant(value: object) -> object:
    """Four significant digits are enough for a figure."""
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, dict):
        return {key: significant(item) for key, item in value.items()}
    return [significant(item) for item in value] if isinstance(value, (list, tuple)) else value


def manifest_of(model: MiniWorld, metrics: dict, facts: dict) -> dict[str, object]:
    device = json.loads(DEVICE.read_text())
    data = torch.from_numpy(load_split("train")[..., COMMAND])
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
    today = date.today().isoformat()
    return {
        "format": "wmp",
        "version": "1.0",
        "id": "kairos-mini-gimbal4",
        "revision": f"{today}.{REVISION}",
        "seal": UNSEALED,
        "family": "recurrent-latent",
        "action_conditioned": True,
        "license": {"spdx": "Apache-2.0", "files": []},
        "provenance": {
            "source": "models/training",
            "training_data": (
                f"{facts['trainEpisodes']} simulated episodes of {data.shape[1]} steps, each with its own "
                "payload, friction, damping, gain and latency (sims/embedded), commands through the shaper"
            ),
            "exporter": f"torch {torch.__version__}, onnx {onnx.__version__}",
            "created": today,
            "claims": ["trained and tested in simulation only", "not safety rated", "no camera input"],
            "seed": facts["seed"],
        },
        "requires": {
            "ort": ">=1.21.0",
            "opsets": {"ai.onnx": OPSET},
            "features": ["dynamic_batch", "dynamic_horizon"],
        },
        "files": [
            {"path": name, "sha256": sha256_of(PACKAGE / name), "bytes": (PACKAGE / name).stat().st_size}
            for name in ("observe.onnx", "rollout.onnx", "golden.json", "model-card.md")
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
        "normalization": {
            "proprio": in_graph(model.proprio_mean, model.proprio_std),
            "action": in_graph(data.mean((0, 1)), data.std((0, 1))),
        },
        "graphs": {
            "observe": {
                "file": "observe.onnx",
                "in": {"proprio": "proprio.cur", "action": "action.cur", "state_in": "state:core"},
                "out": {"state_out": "state:core"},
            },
            "rollout": {
                "file": "rollout.onnx",
                "in": {
                    "state": "state:core",
                    "proprio": "proprio.cur",
                    "action": "action.cur",
                    "actions": "actions",
                },
                "out": {"mean": "pred.proprio.mean", "std": "pred.proprio.std"},
            },
        },
        "states": [
            {"name": "core", "dtype": "float32", "shape": [1, model.state_size], "init": "zeros"}
        ],
        "programs": {
            "observe": [{"run": "observe"}],
            "predict": {"run": "rollout", "branch_from": "observe", "actions": "candidate"},
        },
        "uncertainty": {
            "kind": "gaussian_std",
            "outputs": ["pred.proprio.std"],
            "calibration": {
                "method": "in-graph",
                "coverage": 0.9,
                "data": f"{facts['data']['val']['episodes']} validation episodes",
            },
        },
        "verify": {"golden": "golden.json", "atol": 1e-4},
        "metrics": significant(manifest_metrics(metrics)),
        "model_card": "model-card.md",
    }


def main() -> None:
    warnings.filterwarnings("ignore", category=torch.jit.TracerWarning)
    model = load_model("final")
    metrics = json.loads((WORK / "metrics.json").read_text())
    PACKAGE.mkdir(parents=True, exist_ok=True)
    with torch.no_grad():
        onnx.save(observe_graph(model), PACKAGE / "observe.onnx")
        onnx.save(rollout_graph(model), PACKAGE / "rollout.onnx")
    (PACKAGE / "golden.json").write_text(json.dumps(golden(model)) + "\n")
    facts = training_facts(model)
    (PACKAGE / "model-card.md").write_text(model_card.render(metrics, facts))
    manifest = manifest_of(model, metrics, facts)
    (PACKAGE / "manifest.json").write_text(sealed(json.dumps(manifest, indent=2) + "\n"))
    print("\n".join(f"{path.stat().st_size:8d} {path.name}" for path in sorted(PACKAGE.iterdir())))


if __name__ == "__main__":
    main()
