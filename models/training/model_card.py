"""The text of `model-card.md`, from the metrics and the facts of training."""

from __future__ import annotations

from layout import AXES, REPORTED_HORIZONS

METHODS = (
    ("hold", "hold"),
    ("constantVelocity", "constant velocity"),
    ("arxDirect", "ARX direct (8 lags, all future setpoints)"),
    ("model", "**model**"),
)
CONTROLS = (
    ("trueActions", "true setpoints"),
    ("holdLastCommand", "setpoint frozen at the start"),
    ("otherEpisodesMoves", "another episode's setpoint moves"),
    ("noContext", "no context (one observation after a reset)"),
)


def table(header: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def figures(values: list[float], digits: int) -> list[str]:
    return [f"{value:.{digits}f}" for value in values]


def horizon_header(first: str) -> list[str]:
    return [first, *(f"k={k} ({k * 40} ms)" for k in REPORTED_HORIZONS)]


def errors(split: dict, unit: str, digits: int) -> str:
    rows = [[label, *figures(split[unit][method], digits)] for method, label in METHODS]
    title = {"qRmseRad": "position RMSE, rad", "qdRmseRadPerS": "velocity RMSE, rad/s"}[unit]
    return table(horizon_header(title), rows)


def interval_table(split: dict) -> str:
    rows = [
        ["90 % interval holds, position", *figures(split["coverage90"]["q"], 3)],
        ["90 % interval holds, velocity", *figures(split["coverage90"]["qd"], 3)],
        ["mean half-width, rad", *figures(split["halfWidth90Rad"], 5)],
    ]
    return table(horizon_header(""), rows)


def axis_table(split: dict) -> str:
    by_axis = list(zip(*split["qRmsePerAxisRad"]))
    rows = [[axis, *figures(values, 5)] for axis, values in zip(AXES, by_axis)]
    return table(horizon_header("model, position RMSE, rad"), rows)


def load_table(split: dict) -> str:
    rows = []
    for group, label in (("withinTorque", "within torque limits"), ("overloaded", "a servo at its limit")):
        share = f"{100 * split[group]['share']:.1f} % of rollouts"
        for key, method in (("arxDirect", "ARX"), ("model", "**model**")):
            rows.append([f"{label} ({share}): {method}", *figures(split[group][key], 5)])
    return table(horizon_header("position RMSE, rad"), rows)


def overload_share(split: dict, k: int = 16) -> float:
    at = REPORTED_HORIZONS.index(k)
    overloaded = split["overloaded"]
    part = overloaded["share"] * overloaded["model"][at] ** 2
    return 100 * part / split["qRmseRad"]["model"][at] ** 2


def control_table(controls: dict) -> str:
    horizons = controls["horizons"]
    header = ["", *(f"RMSE k={k}" for k in horizons), *(f"coverage k={k}" for k in horizons)]
    rows = [
        [label, *figures(controls[name]["qRmseRad"], 4), *figures(controls[name]["coverage90"], 2)]
        for name, label in CONTROLS
    ]
    return table(header, rows)


def verdict(split: dict) -> str:
    """In words, where the model loses to something simpler. Computed, so that it cannot be forgotten."""
    found = []
    for unit, name in (("qRmseRad", "position"), ("qdRmseRadPerS", "velocity")):
        for method, label in METHODS[:-1]:
            lost = [
                f"k={k}"
                for k, mine, other in zip(REPORTED_HORIZONS, split[unit]["model"], split[unit][method])
                if mine >= other
            ]
            if lost:
                found.append(f"{name}: no better than {label.split(' (')[0]} at {', '.join(lost)}")
    return "; ".join(found) or "better than every baseline at every horizon, in position and velocity"


def render(metrics: dict, facts: dict) -> str:
    test, heavy = metrics["test"], metrics["heavy"]
    splits = table(
        ["split", "episodes", "steps", "seeds", "payload, kg"],
        [
            [
                name,
                str(data["episodes"]),
                str(data["episodes"] * data["steps"]),
                f"{data['firstSeed']}..{data['firstSeed'] + data['episodes'] - 1}",
                " to ".join(str(kg) for kg in data["ranges"]["payloadMassKg"]),
            ]
            for name, data in facts["data"].items()
        ],
    )
    context = metrics["contextStepsToRmseRad"]
    return f"""# kairos-mini-gimbal4

Predicts how a 4-axis phone mount (deploy, yaw, roll, pitch) will move over the next 1 to 32 steps of
40 ms, given what was observed and the position setpoints that will stand at those steps.

## What it is

- Inputs: joint position, velocity, torque and standing setpoint at each step; setpoints of the steps ahead.
  **No camera yet.**
- Outputs: mean and standard deviation of joint position and velocity per step, for any number of
  candidate setpoint sequences at once.
- A recurrent filter (GRU, width {facts["width"]}) over observations and a recurrent predictor (GRU, width
  {facts["width"]}) over setpoints, which adds to a linear one-step map. {facts["parameters"]} parameters; state
  {facts["stateSize"]} floats. A gated delta rule was not tried for joints alone.
- Deviation: a Gaussian head, then one factor per horizon and output ({facts["calibrationFactors"][0]:.2f} to
  {facts["calibrationFactors"][1]:.2f}) fitted on validation data so that 90 % of errors lie within 1.645 deviations.

## Data

The project's own simulator (MuJoCo, 1 ms) behind the project's own shaper (5 ms), each episode with its
own payload, friction, damping, gain, armature and command latency, wider than what the simulator draws
by itself. Commands: sticks, reversals, waves, wandering, moves, pursuit, stops, folding, rest.

{splits}

Trained {facts["iterations"]} iterations in {facts["seconds"] / 60:.0f} minutes on one thread, seed {facts["seed"]}
chosen on validation from {len(facts["chosenFrom"])}. Architecture, loss and learning rate were chosen on validation
too; test and heavy were looked at for each version that was shipped, and nothing was chosen on them.

## Results on held-out episodes ({test["rollouts"]} rollouts, at least 33 observed steps)

Verdict: {verdict(test)}.

{errors(test, "qRmseRad", 5)}

{errors(test, "qdRmseRadPerS", 4)}

{interval_table(test)}

{axis_table(test)}

ARX direct is a linear least-squares fit per horizon on the same training episodes. It is the baseline
that matters; holding still and constant velocity are there because the service scores against them live.

Few rollouts carry much of the error: those in which a servo reaches its torque limit, mostly a heavy payload on a
tilted roll axis. They are {overload_share(test):.0f} % of the squared position error at k=16.

{load_table(test)}

### Payload outside the training range ({heavy["rollouts"]} rollouts)

Verdict: {verdict(heavy)}. The deviation is too small here: it was calibrated for the trained range.

{errors(heavy, "qRmseRad", 5)}

{errors(heavy, "qdRmseRadPerS", 4)}

{interval_table(heavy)}

### Negative controls: told something false, it must get worse

{control_table(metrics["controls"])}

Joint RMSE at k=16 after this many observed steps: {", ".join(f"{n}: {v:.4f}" for n, v in context.items())} rad.

## Limits

- Where the torque limit holds a joint back the mean is poor and only the deviation says so.
- Simulation only. Nothing was measured on a real mount; the limits of the device profile are assumed.
- Joints with dry friction, torque limits and latency as the simulator has them. No wind, no hands, no base motion,
  no end-stop impacts beyond the simulator's, no backlash, no encoder noise.
- It is conditioned on setpoints as the shaper would send them. Jumps no shaper would send are outside the data.
- Coverage is an average over episodes: a single mount can be over- or under-covered for as long as it runs,
  which is why the service rescales online.
- A fresh state knows nothing of this mount; see the table of observed steps.
- Not safety rated. A prediction must never be what keeps a motion safe.
"""
