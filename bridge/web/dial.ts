import type { DeviceOffer } from "../client/index.ts";
import {
  arcPath,
  dialDeg,
  faceOf,
  pointAt,
  rangesOf,
  wedgePath,
  type DialFace,
} from "./dial-geometry.ts";
import { makeSvg, setAttribute } from "./dom.ts";

type Axis = DeviceOffer["axes"][number];

// 90 % of a normal distribution lies within this many standard deviations.
const bandSigmas = 1.645;
const trackRadius = 46;
const needleRadii = [24, 42] as const;
const bandRadii = [34, 46] as const;
/** Narrower than this, a wedge is not seen. */
const minBandDeg = 1.2;

export interface DialReading {
  readonly measuredRad: number;
  readonly setpointRad: number;
  /** At the chosen horizon; undefined while nothing is predicted. */
  readonly ahead: { readonly meanRad: number; readonly stdRad: number } | undefined;
}

/** An axis as one sees it stand: its limits, where it is, and where it will be, ahead of that. */
export class Dial {
  readonly element: SVGSVGElement;
  readonly #face: DialFace;
  readonly #measured: SVGGElement;
  readonly #setpoint: SVGPathElement;
  readonly #ahead: SVGGElement;
  readonly #band: SVGPathElement;
  readonly #sweep: SVGPathElement;

  constructor(axis: Axis) {
    this.#face = faceOf(axis.name);
    this.element = makeSvg("svg", {
      class: "dial",
      viewBox: "-56 -56 112 112",
      "aria-hidden": "true",
    });
    this.#band = makeSvg("path", { class: "dial-band" });
    this.#sweep = makeSvg("path", { class: "dial-sweep" });
    this.#ahead = needle("dial-ahead");
    this.#measured = needle("dial-measured");
    this.#setpoint = makeSvg("path", { class: "dial-setpoint", d: "M-4 -54L4 -54L0 -48Z" });
    this.element.append(
      ...this.#tracks(axis),
      this.#band,
      this.#sweep,
      this.#ahead,
      this.#measured,
      this.#setpoint,
    );
  }

  update({ measuredRad, setpointRad, ahead }: DialReading): void {
    const now = dialDeg(this.#face, measuredRad);
    turn(this.#measured, now);
    turn(this.#setpoint, dialDeg(this.#face, setpointRad));
    for (const part of [this.#ahead, this.#band, this.#sweep]) {
      part.toggleAttribute("hidden", ahead === undefined);
    }
    if (ahead === undefined) return;
    const mean = dialDeg(this.#face, ahead.meanRad);
    const half = Math.max((bandSigmas * ahead.stdRad * 180) / Math.PI, minBandDeg);
    turn(this.#ahead, mean);
    setAttribute(this.#band, "d", wedgePath(bandRadii, mean - half, mean + half));
    setAttribute(this.#sweep, "d", arcPath(trackRadius + 5, now, mean));
  }

  /** The whole range, what is kept free at its ends, and a tick at each end. */
  #tracks(axis: Axis): readonly SVGElement[] {
    const { hard, soft } = rangesOf(axis);
    const deg = (rad: number): number => dialDeg(this.#face, rad);
    const parts = [
      makeSvg("path", { class: "dial-hard", d: arcPath(trackRadius, deg(hard[0]), deg(hard[1])) }),
      makeSvg("path", { class: "dial-soft", d: arcPath(trackRadius, deg(soft[0]), deg(soft[1])) }),
    ];
    const zero = pointAt(trackRadius, deg(0));
    const mark = makeSvg("circle", { class: "dial-zero", cx: zero.x, cy: zero.y, r: 1.6 });
    if (axis.continuous === true) return [...parts, mark];
    const ticks = hard.map((rad) => {
      const [from, to] = [pointAt(trackRadius - 5, deg(rad)), pointAt(trackRadius + 5, deg(rad))];
      return makeSvg("line", { class: "dial-tick", x1: from.x, y1: from.y, x2: to.x, y2: to.y });
    });
    return [...parts, mark, ...ticks];
  }
}

function needle(className: string): SVGGElement {
  const group = makeSvg("g", { class: className });
  const [inner, outer] = needleRadii;
  group.append(makeSvg("line", { x1: 0, y1: -inner, x2: 0, y2: -outer }));
  return group;
}

function turn(element: SVGElement, deg: number): void {
  setAttribute(element, "transform", `rotate(${deg.toFixed(1)})`);
}
