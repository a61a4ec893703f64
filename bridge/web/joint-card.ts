import type { DeviceOffer, PredictionPayload } from "../client/index.ts";
import { limitSide } from "./dial-geometry.ts";
import { Dial } from "./dial.ts";
import { make, setText } from "./dom.ts";
import { JointPlot } from "./joint-plot.ts";
import { degreesText } from "./words.ts";

type Axis = DeviceOffer["axes"][number];

/** One joint: as a dial now and at the chosen horizon, and over time. */
export class JointCard {
  readonly element: HTMLElement;
  readonly #axis: Axis;
  readonly #dial: Dial;
  readonly #plot: JointPlot;
  readonly #now = make("b", { className: "value-now", text: "–" });
  readonly #soon = make("span", { className: "value-soon" });
  readonly #limit = make("span", { className: "limit" });

  constructor(axis: Axis) {
    this.#axis = axis;
    this.#dial = new Dial(axis);
    this.#plot = new JointPlot(axis.name);
    this.element = make("section", { className: "card joint" });
    this.element.setAttribute("aria-label", axis.name);
    const face = make("div", { className: "joint-face" });
    face.append(this.#dial.element, this.#now);
    const head = make("div", { className: "joint-head" });
    head.append(make("h3", { text: axis.name }), this.#limit, this.#soon);
    const body = make("div", { className: "joint-body" });
    body.append(head, this.#plot.element);
    this.element.append(face, body);
  }

  addState(stampMs: number, posRad: number, setpointRad: number): void {
    this.#plot.addState(stampMs, posRad, setpointRad);
  }

  addPrediction(prediction: PredictionPayload, axisIndex: number): void {
    this.#plot.addPrediction(prediction, axisIndex);
  }

  /** @param nowMs on the server's scale. */
  draw(nowMs: number, aheadMs: number): void {
    const latest = this.#plot.latest;
    if (latest === undefined) return;
    const ahead = this.#plot.expected(nowMs, aheadMs);
    this.#dial.update({ ...latest, ahead });
    setText(this.#now, degreesText(latest.measuredRad));
    setText(this.#soon, ahead === undefined ? "" : `→ ${degreesText(ahead.meanRad)}`);
    const side = limitSide(this.#axis, latest.measuredRad);
    setText(this.#limit, side === "none" ? "" : "at its limit");
    this.#plot.draw(nowMs, aheadMs);
  }
}
