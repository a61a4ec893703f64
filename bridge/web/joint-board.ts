import type { DeviceOffer, PredictionPayload } from "../client/index.ts";
import { JointCard } from "./joint-card.ts";

type Axis = DeviceOffer["axes"][number];

/** A card per joint of the device. */
export class JointBoard {
  readonly #place: HTMLElement;
  readonly #cards = new Map<string, JointCard>();

  constructor(place: HTMLElement) {
    this.#place = place;
  }

  setAxes(axes: readonly Axis[]): void {
    const names = axes.map(({ name }) => name);
    if (names.join() === [...this.#cards.keys()].join()) return;
    this.#cards.clear();
    for (const axis of axes) this.#cards.set(axis.name, new JointCard(axis));
    this.#place.replaceChildren(...[...this.#cards.values()].map(({ element }) => element));
  }

  /** Arrays in device axis order. */
  addState(stampMs: number, posRad: readonly number[], setpointRad: readonly number[]): void {
    [...this.#cards.values()].forEach((card, i) => {
      card.addState(stampMs, posRad[i] ?? Number.NaN, setpointRad[i] ?? Number.NaN);
    });
  }

  addPrediction(prediction: PredictionPayload): void {
    prediction.axisNames.forEach((name, i) => {
      this.#cards.get(name)?.addPrediction(prediction, i);
    });
  }

  /** @param nowMs on the server's scale. */
  draw(nowMs: number, aheadMs: number): void {
    for (const card of this.#cards.values()) card.draw(nowMs, aheadMs);
  }
}
