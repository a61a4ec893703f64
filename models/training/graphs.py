"""Turns a trained network into the two ONNX graphs of the package.

`torch.onnx.export` traces single steps; the rollout is an ONNX `Scan` put around the traced step, so
the number of candidates N and the horizon K stay dynamic (unrolling K steps would cost minutes of
export and seconds of session load). Opset 17, plain operators, float32 inputs and outputs.
"""

from __future__ import annotations

import io

import numpy as np
import onnx
import torch
from onnx import GraphProto, ModelProto, TensorProto, helper, numpy_helper
from torch import Tensor, nn

from layout import MAX_HORIZON, MOTION
from network import COMMAND_WINDOW, MOTION_WINDOW, OUTPUT_WIDTH, MiniWorld

OPSET = 17
IR_VERSION = 8


class Observe(nn.Module):
    def __init__(self, model: MiniWorld) -> None:
        super().__init__()
        self.model = model

    def forward(self, proprio: Tensor, action: Tensor, state: Tensor) -> Tensor:
        return self.model.observe(proprio, action, state)


class RolloutStart(nn.Module):
    """State and present -> latent and windows. The state's newest row is the present itself: shift 1."""

    def __init__(self, model: MiniWorld) -> None:
        super().__init__()
        self.model = model

    def forward(self, proprio: Tensor, action: Tensor, state: Tensor):
        motion, commands = self.model.windows_from_state(proprio, action, state, 1)
        return state[:, : self.model.width], motion, commands


class RolloutStep(nn.Module):
    def __init__(self, model: MiniWorld) -> None:
        super().__init__()
        self.model = model

    def forward(self, z: Tensor, motion: Tensor, commands: Tensor, action: Tensor):
        z, motion, commands, std = self.model.predict_step(z, motion, commands, action)
        return z, motion, commands, motion[:, MOTION], std[:, MOTION]


def trace(
    module: nn.Module, examples: tuple[Tensor, ...], inputs: list[str], outputs: list[str]
) -> ModelProto:
    buffer = io.BytesIO()
    torch.onnx.export(
        module,
        examples,
        buffer,
        input_names=inputs,
        output_names=outputs,
        opset_version=OPSET,
        dynamic_axes={name: {0: "N"} for name in [*inputs, *outputs]},
    )
    return onnx.load_from_string(buffer.getvalue())


def prefixed(graph: GraphProto, prefix: str, keep: set[str]) -> GraphProto:
    """A copy in which every value name but those in `keep` starts with `prefix`."""

    def rename(name: str) -> str:
        return name if name == "" or name in keep else prefix + name

    out = GraphProto()
    out.CopyFrom(graph)
    for node in out.node:
        node.name = prefix + node.name
        node.input[:] = [rename(name) for name in node.input]
        node.output[:] = [rename(name) for name in node.output]
    for value in [*out.initializer, *out.input, *out.output]:
        value.name = rename(value.name)
    return out


def floats(name: str, shape: list[object]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def constant(name: str, values: np.ndarray) -> TensorProto:
    return numpy_helper.from_array(values, name)


def finish(graph: GraphProto) -> ModelProto:
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", OPSET)],
        producer_name="kairos-bridge",
        ir_version=IR_VERSION,
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def observe_graph(model: MiniWorld) -> ModelProto:
    examples = (torch.randn(1, 12), torch.randn(1, 4), torch.randn(1, model.state_size))
    traced = trace(Observe(model), examples, ["proprio", "action", "state_in"], ["state_out"]).graph
    body = prefixed(traced, "observe/", {"proprio", "action", "state_in", "state_out"})
    size = model.state_size
    return finish(
        helper.make_graph(
            list(body.node),
            "observe",
            [floats("proprio", [1, 12]), floats("action", [1, 4]), floats("state_in", [1, size])],
            [floats("state_out", [1, size])],
            list(body.initializer),
        )
    )


def scan_body(model: MiniWorld) -> tuple[GraphProto, list[TensorProto]]:
    """The step as a Scan body, and its weights to be hung into the outer graph."""
    widths = {"z": model.width, "motion": MOTION_WINDOW, "commands": COMMAND_WINDOW}
    carried = list(widths)
    examples = tuple(torch.randn(2, width) for width in [*widths.values(), 4])
    outputs = [*(f"{name}_next" for name in carried), "mean", "std"]
    traced = trace(RolloutStep(model), examples, [*carried, "action"], outputs).graph
    body = prefixed(traced, "step/", set())
    graph = helper.make_graph(
        list(body.node),
        "step",
        [*(floats(f"step/{n}", ["N", w]) for n, w in widths.items()), floats("step/action", ["N", 4])],
        [
            *(floats(f"step/{n}_next", ["N", w]) for n, w in widths.items()),
            floats("step/mean", ["N", OUTPUT_WIDTH]),
            floats("step/std", ["N", OUTPUT_WIDTH]),
        ],
    )
    return graph, list(body.initializer)


def rollout_graph(model: MiniWorld) -> ModelProto:
    examples = (torch.randn(2, 12), torch.randn(2, 4), torch.randn(2, model.state_size))
    given = ["proprio", "action", "state"]
    traced = trace(RolloutStart(model), examples, given, ["z", "motion", "commands"]).graph
    start = prefixed(traced, "start/", set(given))
    body, weights = scan_body(model)
    node = helper.make_node
    nodes = [
        *start.node,
        node("Transpose", ["actions"], ["actions_by_step"], perm=[1, 0, 2]),
        node(
            "Scan",
            ["start/z", "start/motion", "start/commands", "actions_by_step"],
            ["z_end", "motion_end", "commands_end", "mean_by_step", "std_by_step"],
            num_scan_inputs=1,
            body=body,
        ),
        node("Transpose", ["mean_by_step"], ["mean"], perm=[1, 0, 2]),
        node("Transpose", ["std_by_step"], ["raw_std"], perm=[1, 0, 2]),
        # The calibration rows of the K steps asked for; K above the table fails at the Mul.
        node("Shape", ["actions"], ["horizon"], start=1, end=2),
        node("Slice", ["calibration", "first", "horizon", "first"], ["factors"]),
        node("Mul", ["raw_std", "factors"], ["std"]),
    ]
    table = model.calibration.numpy()
    assert table.shape == (MAX_HORIZON, OUTPUT_WIDTH)
    return finish(
        helper.make_graph(
            nodes,
            "rollout",
            [
                floats("state", ["N", model.state_size]),
                floats("proprio", ["N", 12]),
                floats("action", ["N", 4]),
                floats("actions", ["N", "K", 4]),
            ],
            [floats("mean", ["N", "K", OUTPUT_WIDTH]), floats("std", ["N", "K", OUTPUT_WIDTH])],
            [
                *start.initializer,
                *weights,
                constant("calibration", table),
                constant("first", np.array([0], np.int64)),
            ],
        )
    )
