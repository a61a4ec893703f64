"""Turns the trained networks into the ONNX graphs of the package.

`torch.onnx.export` traces single steps; the rollout is an ONNX `Scan` put around the traced step, so
the number of candidates N and the horizon K stay dynamic (unrolling K steps would cost minutes of
export and seconds of session load). Opset 17 and plain operators; the native twins have the delta rule
as `com.microsoft::LinearAttention`. Weights go into one file that all of them share.
"""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import GraphProto, ModelProto, TensorProto, helper, numpy_helper
from onnx.external_data_helper import set_external_data
from torch import Tensor, nn

from layout import LATENT_WIDTH, MAX_HORIZON, PICTURE_SHAPE
from memory import DeltaRule
from vision import OBSERVED_WIDTH, Decoder, Looker
from world import STATE, Carried, Step, World

OPSET = 17
IR_VERSION = 8
# Smaller tensors stay in their graph.
SHARED_BYTES = 1024
ALIGNMENT = 64


class Observe(nn.Module):
    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world

    def forward(self, proprio, action, latent, has_frame, frame_age, state):
        return self.world.observe(proprio, action, latent, has_frame, frame_age, state)


class Begin(nn.Module):
    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world

    def forward(self, state):
        # A Scan carries tensors of its own: views of the state become copies.
        return tuple(part + 0.0 for part in self.world.begin(state))


class Imagine(nn.Module):
    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world

    def forward(self, *inputs):
        *carried, action = inputs
        after, step = self.world.imagine(Carried(*carried), action)
        # What only passes through still needs a name of its own.
        after = after._replace(ever=after.ever + 0.0)
        return (*after, *step)


def trace(module: nn.Module, examples: tuple[Tensor, ...], inputs: list[str], outputs: list[str]) -> GraphProto:
    buffer = io.BytesIO()
    torch.onnx.export(
        module,
        examples,
        buffer,
        input_names=inputs,
        output_names=outputs,
        opset_version=OPSET,
        custom_opsets={"com.microsoft": 1},
        dynamic_axes={name: {0: "N"} for name in [*inputs, *outputs]},
    )
    return onnx.load_from_string(buffer.getvalue()).graph


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


def value(name: str, shape: list[object], kind: int = TensorProto.FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def finish(graph: GraphProto, native: bool) -> ModelProto:
    opsets = [helper.make_opsetid("", OPSET)]
    if native:
        opsets.append(helper.make_opsetid("com.microsoft", 1))
    model = helper.make_model(graph, opset_imports=opsets, producer_name="kairos-bridge", ir_version=IR_VERSION)
    onnx.checker.check_model(model, full_check=not native)
    return model


def simple_graph(name: str, traced: GraphProto, inputs: list, outputs: list, native: bool = False) -> ModelProto:
    keep = {each.name for each in [*inputs, *outputs]}
    body = prefixed(traced, f"{name}/", keep)
    return finish(helper.make_graph(list(body.node), name, inputs, outputs, list(body.initializer)), native)


def encode_graph(looker: Looker) -> ModelProto:
    pictures = torch.zeros(1, *PICTURE_SHAPE, dtype=torch.uint8)
    traced = trace(looker, (pictures,), ["image"], ["latent"])
    inputs = [value("image", ["N", *PICTURE_SHAPE], TensorProto.UINT8)]
    return simple_graph("encode", traced, inputs, [value("latent", ["N", OBSERVED_WIDTH])])


def decode_graph(decoder: Decoder) -> ModelProto:
    traced = trace(decoder, (torch.randn(1, LATENT_WIDTH),), ["latent"], ["image"])
    outputs = [value("image", ["N", *PICTURE_SHAPE], TensorProto.UINT8)]
    return simple_graph("decode", traced, [value("latent", ["N", LATENT_WIDTH])], outputs)


def observe_graph(world: World, native: bool) -> ModelProto:
    widths = {"proprio": 12, "action": 4, "latent": OBSERVED_WIDTH, "has_frame": 1, "frame_age": 1, "state_in": STATE}
    DeltaRule.native = native
    examples = tuple(torch.rand(1, width) for width in widths.values())
    traced = trace(Observe(world), examples, list(widths), ["state_out"])
    DeltaRule.native = False
    inputs = [value(name, [1, width]) for name, width in widths.items()]
    return simple_graph("observe", traced, inputs, [value("state_out", [1, STATE])], native)


def scan_body(world: World, carried: dict[str, int], native: bool) -> tuple[GraphProto, list[TensorProto]]:
    """The step as a Scan body, and its weights to be hung into the outer graph."""
    steps = dict(zip(Step._fields, (8, 8, 2, 2, 1, LATENT_WIDTH)))
    DeltaRule.native = native
    examples = tuple(torch.rand(2, width) for width in [*carried.values(), 4])
    after = {f"{name}_next": width for name, width in carried.items()}
    made = {f"step_{name}": width for name, width in steps.items()}
    traced = trace(Imagine(world), examples, [*carried, "action"], [*after, *made])
    DeltaRule.native = False
    body = prefixed(traced, "step/", set())
    graph = helper.make_graph(
        list(body.node),
        "step",
        [value(f"step/{n}", ["N", w]) for n, w in {**carried, "action": 4}.items()],
        [value(f"step/{n}", ["N", w]) for n, w in {**after, **made}.items()],
    )
    return graph, list(body.initializer)


def rollout_graph(world: World, native: bool) -> ModelProto:
    example = torch.rand(2, STATE)
    carried = {name: part.shape[1] for name, part in world.begin(example)._asdict().items()}
    traced = trace(Begin(world), (example,), ["state"], list(carried))
    start = prefixed(traced, "start/", {"state"})
    body, weights = scan_body(world, carried, native)
    node = helper.make_node
    nodes = [
        *start.node,
        node("Transpose", ["actions"], ["actions_by_step"], perm=[1, 0, 2]),
        node(
            "Scan",
            [*(f"start/{name}" for name in carried), "actions_by_step"],
            [*(f"{name}_end" for name in carried), *(f"{name}_by_step" for name in Step._fields)],
            num_scan_inputs=1,
            body=body,
        ),
        # The calibration rows of the K steps asked for; K above the table fails at the Mul.
        node("Shape", ["actions"], ["horizon"], start=1, end=2),
        node("Slice", ["calibration", "first", "horizon", "first"], ["factors"]),
        node("Slice", ["bearing_calibration", "first", "horizon", "first"], ["bearing_factors"]),
        *(
            node("Transpose", [f"{name}_by_step"], [out], perm=[1, 0, 2])
            for name, out in zip(Step._fields, ROLLOUT_RAW)
        ),
        node("Mul", ["raw_std", "factors"], ["proprio_std"]),
        node("Mul", ["raw_bearing_std", "bearing_factors"], ["bearing_std"]),
        # Of a thing that is either so or not.
        node("Sub", ["one", "visibility"], ["unseen"]),
        node("Mul", ["visibility", "unseen"], ["visibility_variance"]),
        node("Sqrt", ["visibility_variance"], ["visibility_std"]),
    ]
    tables = {
        "calibration": world.joints.calibration.numpy(),
        "bearing_calibration": world.sight.bearing_calibration.numpy(),
        "first": np.array([0], np.int64),
        "one": np.array([1], np.float32),
    }
    graph = helper.make_graph(
        nodes,
        "rollout",
        [value("state", ["N", STATE]), value("actions", ["N", "K", 4])],
        [value(name, ["N", "K", width]) for name, width in ROLLOUT_OUTPUTS.items()],
        [*start.initializer, *weights, *(numpy_helper.from_array(v, n) for n, v in tables.items())],
    )
    return finish(graph, native)


ROLLOUT_RAW = ("proprio_mean", "raw_std", "bearing_mean", "raw_bearing_std", "visibility", "latent")
ROLLOUT_OUTPUTS = {
    "proprio_mean": 8,
    "proprio_std": 8,
    "bearing_mean": 2,
    "bearing_std": 2,
    "visibility": 1,
    "visibility_std": 1,
    "latent": LATENT_WIDTH,
}


class SharedWeights:
    """One file for the weights of several graphs: the same bytes are stored once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.places: dict[str, int] = {}
        self.content = bytearray()

    def save(self, model: ModelProto, path: Path) -> None:
        for tensor in model.graph.initializer:
            content = numpy_helper.to_array(tensor).tobytes()
            if len(content) < SHARED_BYTES:
                continue
            key = hashlib.sha256(content).hexdigest()
            if key not in self.places:
                self.content.extend(b"\0" * (-len(self.content) % ALIGNMENT))
                self.places[key] = len(self.content)
                self.content.extend(content)
            tensor.raw_data = b""
            tensor.ClearField("float_data")
            tensor.raw_data = content
            set_external_data(tensor, self.path.name, self.places[key], len(content))
            tensor.ClearField("raw_data")
        path.write_bytes(model.SerializeToString())

    def close(self) -> None:
        self.path.write_bytes(bytes(self.content))


assert MAX_HORIZON == 32
