"""The text of `model-card.md`, from the metrics and the facts of training."""

from __future__ import annotations

from layout import REPORTED_HORIZONS

METHODS = {
    "hold": "hold",
    "constantVelocity": "constant velocity",
    "constantTurn": "constant turn rate",
    "arxDirect": "ARX direct (8 lags, all future setpoints)",
    "arxOnTruth": "ARX direct on exact bearings, which nobody has",
    "model": "**model**",
    "copyLast": "copy the last picture",
    "ceiling": "encoder and decoder on the true picture",
}
CONTROLS = {
    "trueActions": "true setpoints",
    "holdLastCommand": "setpoint frozen at the start",
    "otherEpisodesMoves": "another episode's setpoint moves",
    "otherEpisodesPictures": "another episode's pictures",
    "noContext": "no context (one observation after a reset)",
    "randomWeights": "weights disturbed at random",
}
SPLIT_WORDS = {
    "test": "the simulator's own range",
    "heavy": "payload beyond the trained range, 0.85 to 1.1 kg",
    "worn": "dry friction and command latency beyond the trained range",
}


def table(header: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def figures(values: list[float], digits: int) -> list[str]:
    return [f"{value:.{digits}f}" for value in values]


def horizon_header(first: str) -> list[str]:
    return [first, *(f"k={k} ({k * 40} ms)" for k in REPORTED_HORIZONS)]


def by_method(title: str, methods: dict, digits: int) -> str:
    return table(horizon_header(title), [[METHODS[name], *figures(values, digits)] for name, values in methods.items()])


def intervals(split: dict) -> str:
    names = {"q": "joint position", "qd": "joint velocity", "bearing": "bearing"}
    rows = [[f"90 % interval holds, {names[key]}", *figures(v, 3)] for key, v in split["coverage90"].items()]
    rows += [["the same with an online scale, joint position", *figures(split["onlineCoverage90"]["q"], 3)]]
    rows += [[f"mean half-width, {names[key]}, rad", *figures(v, 4)] for key, v in split["halfWidth90Rad"].items()]
    rows += [
        [f"Spearman of error size and deviation, {label}", *figures(split["spearman"][key], 2)]
        for key, label in (("q", names["q"]), ("bearing", names["bearing"]))
    ]
    return table(horizon_header(""), rows)


def load_table(split: dict) -> str:
    rows = []
    for group, label in (("withinTorque", "within torque limits"), ("overloaded", "a servo at its limit")):
        if group not in split:
            continue
        share = f"{100 * split[group]['share']:.1f} % of rollouts"
        for key, method in (("arxDirect", "ARX"), ("model", "**model**")):
            rows.append([f"{label} ({share}): {method}", *figures(split[group][key], 5)])
    return table(horizon_header("position RMSE, rad"), rows)


def control_table(controls: dict) -> str:
    horizons = controls["horizons"]
    header = ["", *(f"joint RMSE k={k}" for k in horizons), *(f"bearing MAE k={k}" for k in horizons), "coverage k=8"]
    rows = []
    for name, label in CONTROLS.items():
        found = controls[name]
        covered = f"{found['coverage90'][1]:.2f}" if "coverage90" in found else ""
        rows.append([label, *figures(found["qRmseRad"], 4), *figures(found["bearingMaeRad"], 3), covered])
    return table(header, rows)


def lines_of(metrics: dict) -> str:
    """Every line the model is held to, and whether it is reached. Computed, so that none is forgotten."""
    test = metrics["test"]
    q, bearing, psnr = test["qRmseRad"], test["bearingMaeRad"], test["psnrDb"]
    ks = list(REPORTED_HORIZONS)

    def ratios(table: dict, least: int) -> list[float]:
        return [m / a for k, m, a in zip(ks, table["model"], table["arxDirect"]) if k >= least]

    gain = [m - c for m, c in zip(psnr["model"], psnr["copyLast"])]
    covered = [v for part in ("q", "qd", "bearing") for v in test["coverage90"][part]]
    outside = [v for s in ("heavy", "worn") if s in metrics for v in metrics[s]["onlineCoverage90"]["q"]]
    def enough(rank: float) -> bool:
        return rank >= 0.6

    checks = [
        ("joint RMSE at k=1, model / ARX, at most 1", q["model"][0] / q["arxDirect"][0], lambda v: v <= 1),
        ("joint RMSE at k>=8, model / ARX, at most 0.5: largest", max(ratios(q, 8)), lambda v: v <= 0.5),
        ("bearing MAE at k>=4, model / ARX, at most 0.8: largest", max(ratios(bearing, 4)), lambda v: v <= 0.8),
        ("picture PSNR over copy-last, dB, above 0 at every k: least", min(gain), lambda v: v > 0),
        ("picture PSNR over copy-last at k>=8, dB, at least 2: least", min(gain[3:]), lambda v: v >= 2),
        ("90 % coverage in range, at least 0.87: least", min(covered), lambda v: v >= 0.87),
        ("90 % coverage in range, at most 0.93: largest", max(covered), lambda v: v <= 0.93),
        ("coverage out of range with online scale, at least 0.85: least", min(outside or [0.0]), lambda v: v >= 0.85),
        ("Spearman of error and deviation, joints, at least 0.6: least", min(test["spearman"]["q"]), enough),
        ("the same, bearing", min(test["spearman"]["bearing"]), enough),
        ("the same, joints, all horizons together", test["spearman"]["ofAllHorizons"]["q"], enough),
        ("the same, bearing, all horizons together", test["spearman"]["ofAllHorizons"]["bearing"], enough),
        (
            "chosen future's cost, model / ARX, at most 0.8",
            metrics["whatIf"]["costRad"]["model"] / metrics["whatIf"]["costRad"]["arxDirect"],
            lambda v: v <= 0.8,
        ),
    ]
    rows = [[name, f"{v:.3f}", "yes" if ok(v) else "**no**"] for name, v, ok in checks]
    return table(["line", "figure", "reached"], rows)


def split_section(name: str, split: dict) -> str:
    return f"""### {name}: {SPLIT_WORDS[name]} ({split["rollouts"]} rollouts, at least 32 observed steps)

{by_method("joint position RMSE, rad", split["qRmseRad"], 5)}

{by_method("joint velocity RMSE, rad/s", split["qdRmseRadPerS"], 4)}

{by_method("bearing MAE, rad, target in view at the start", split["bearingMaeRad"], 4)}

{by_method("visibility right, share", split["visibilityRight"], 3)}

{by_method("picture PSNR, dB", split["psnrDb"], 2)}

{intervals(split)}

{load_table(split)}
"""


def data_table(facts: dict) -> str:
    rows = [
        [
            name,
            str(data["episodes"]),
            str(data["episodes"] * data["steps"]),
            "yes" if data["hasPictures"] else "no",
            f"{data['firstSeed']}..{data['firstSeed'] + data['episodes'] // data.get('branches', {}).get('count', 1) - 1}",
            " to ".join(str(kg) for kg in data["domain"]["dynamics"]["payloadMassKg"]),
            " to ".join(str(ms) for ms in data["domain"]["dynamics"]["commandLatencyMs"]),
        ]
        for name, data in facts["data"].items()
    ]
    return table(["split", "episodes", "steps", "pictures", "seeds", "payload, kg", "latency, ms"], rows)


def run_line(name: str, run: dict) -> str:
    options, last = run["options"], run["last"]
    return f"{name}: {options['iterations']} iterations, seed {options['seed']}, {last['seconds'] / 60:.0f} minutes"


def stream_section(metrics: dict) -> str:
    if "stream" not in metrics:
        return ""
    stream = metrics["stream"]
    rows = [
        ["joint RMSE at k=8, rad", *figures(stream["qRmseRadAt8"], 5)],
        ["bearing MAE at k=8, rad", *figures(stream["bearingMaeRadAt8"], 4)],
        ["norm of the state", *figures(stream["stateNorm"], 1)],
    ]
    return f"""### Streams of 3,072 steps without a reset

{table(["", "steps 0 to 1,000", "1,000 to 2,000", "2,000 to 3,000"], rows)}
"""


def what_if_section(found: dict) -> str:
    costs, in_view, rank = found["costRad"], found["costRadTargetInView"], found["rankCorrelation"]
    rows = [[name, f"{costs[name]:.3f}", f"{in_view[name]:.3f}"] for name in costs]
    explained = found["jointsExplained"]
    return f"""### What if: {found["candidates"]} futures of the same moment, {found["moments"]} moments

Cost: mean angle of the target off the middle of the picture, rad, over steps 4, 8, 16, 24 and 32, of the future chosen.

{table(["chosen by", "all moments", f"target in view ({in_view['moments']})"], rows)}

Rank correlation of predicted and true cost: model {rank["model"]:.2f}, ARX {rank["arxDirect"]:.2f}. Share explained of what
differs between futures in joint position at 4, 8, 16 steps: model {", ".join(figures(explained["model"], 3))}, ARX
{", ".join(figures(explained["arxDirect"], 3))}.
"""


def render(metrics: dict, facts: dict) -> str:
    shown, context = metrics["shown"], metrics["contextSteps"]
    dropped = [
        [label, *figures(shown[key]["qRmseRad"], 5), *figures(shown[key]["bearingMaeRad"][2:5], 3)]
        for key, label in (("all", "all pictures"), ("some", "20 % dropped"), ("none", "none"))
    ]
    dropped_header = ["", *(f"joint k={k}" for k in REPORTED_HORIZONS), "bearing k=4", "k=8", "k=16"]
    counts, factors = facts["parameters"], facts["calibrationFactors"]
    splits = "\n".join(split_section(name, metrics[name]) for name in SPLIT_WORDS if name in metrics)
    unseen = max(shown["none"]["meanVisibility"])
    surprise = [
        [name, *figures([metrics[name]["surprise"][p] for p in ("p50", "p90", "p99", "p99.9")], 2)]
        for name in SPLIT_WORDS
        if name in metrics
    ]
    return f"""# kairos-mini-gimbal4

Predicts how a 4-axis phone mount (deploy, yaw, roll, pitch) will move over the next 1 to 32 steps of
40 ms, where its camera will see the target and what the picture will look like, given what was observed and
the position setpoints that will stand at those steps.

## What it is

- Inputs per step: joint position, velocity, torque, standing setpoint; a 64x64 picture and its age when there is
  one. Every picture may be missing: without any the joints are predicted as well, and visibility is {unseen:.2f}.
- Outputs per step ahead, for any number of candidate setpoint sequences at once: mean and standard deviation of
  joint position and velocity and of the target's bearing, probability that it is in view, a code that decodes to a
  64x64 picture. The target is the red sphere of the plain scenes, the face of `face`.
- What the camera sees moves no joint, so there are two halves. Joints ({counts["joints"]} parameters): a recurrent
  filter and predictor (GRU, 128) around an ARX map fitted by least squares, with a gate that closes at the torque limit.
  Sight ({counts["sight"]}): gated delta rule, sliding-window attention over 8 steps, gated delta rule, each with a
  SwiGLU; told the predicted joints; the target is a point of the world that drifts, carried into the camera's frame by
  the device's kinematics, which are part of the graph; a picture is a map of the room plus today's look. Eye: a convolutional encoder to
  64 codes with a finder of the target, a mean over a map of places ({counts["encoder"]}), and a decoder ({counts["decoder"]}).
- State: {facts["stateSize"]} floats, constant. The delta rule is one `com.microsoft::LinearAttention` per layer where
  ONNX Runtime has it (1.25.1 and newer) and plain operators elsewhere.
- Deviation: Gaussian heads, then one factor per horizon and output (joints {factors[0][0]:.2f} to {factors[0][1]:.2f},
  bearing {factors[1][0]:.2f} to {factors[1][1]:.2f}) fitted on validation data so that 90 % of errors lie within 1.645.

## Data

The project's own simulator (MuJoCo, 1 ms) behind the project's own shaper (5 ms), each episode with its own payload,
friction, damping, gain, armature, backlash, command latency, sensor noise, light, colours, lens, shutter, picture noise,
camera rate and delay, target path; scenes desk (two thirds), targets, face, cluttered. Commands: sticks, reversals,
waves, wandering, moves, pursuit, tracking the target with noise, stops, folding, rest. A fifth keep true sensors,
a fifth the plain look and a perfect camera.

{data_table(facts)}

{run_line("Joints, a run", facts["jointsFirst"])}; {run_line("joints, one that goes on from it", facts["joints"])};
the mean of both weights is shipped; {run_line("sight", facts["sight"])}; {run_line("eye", facts["eye"])};
{run_line("finder", facts["finder"])}; {run_line("decoder", facts["decoder"])}; one thread each, on a shared machine. Choices were made on
val, but test and heavy were in sight while joint runs were compared; the mean was better on all of them.

## The lines it is held to

{lines_of(metrics)}

## Results on held-out episodes

ARX direct is a linear least-squares fit per horizon on the same training episodes; for the bearing it is given the
bearings of the last 8 rows as the model's own finder reads them. On exact bearings it is better than the model up to
some 8 steps: what limits the model there is reading a 64x64 picture taken through a lens it does not know. PSNR is of the mean square error of all
rollouts.

{splits}
### Negative controls: told something false, it must get worse

{control_table(metrics["controls"])}

{what_if_section(metrics["whatIf"])}
### Pictures left out (joint RMSE rad, bearing MAE rad)

{table(dropped_header, dropped)}

At k=16 after this many observed steps, joint RMSE and bearing MAE, rad: {
    ", ".join(f"{n}: {v['qRmseRad']:.4f}, {v['bearingMaeRad']:.3f}" for n, v in context.items())
}.

{stream_section(metrics)}
### Surprise: the host's out-of-distribution score (0.5 is calibrated)

{table(["split", "median", "90 %", "99 %", "99.9 %"], surprise)}

## Limits

- Simulation only. Nothing was measured on a real mount; the limits of the device profile are assumed. Pictures are
  those of the project's own renderer: no real camera's picture was ever seen.
- One target. Where two things look like it, or it is small or hidden, bearing and visibility are poor. A picture of
  another vertical field of view than 0.9 rad gives wrong bearings.
- Where the torque limit holds a joint back the mean is poor and only the deviation says so.
- No wind, no hands, no base motion, no end-stop impacts beyond the simulator's. Pushes were not in the data.
- It is conditioned on setpoints as the shaper would send them. Jumps no shaper would send are outside the data.
- Decoded pictures are soft: the code holds what the ceiling in the tables says and no more.
- Coverage is an average over episodes: a single mount can be over- or under-covered for as long as it runs,
  which is why the service rescales online.
- Not safety rated. A prediction must never be what keeps a motion safe.
"""
