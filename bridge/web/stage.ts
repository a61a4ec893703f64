import type { CameraPayload, PredictedCameraPayload, PredictionPayload } from "../client/index.ts";
import {
  buttonById,
  byId,
  canvasById,
  elementById,
  fitCanvas,
  letGoOfKeys,
  setText,
} from "./dom.ts";
import { Expectation } from "./expectation.ts";
import { drawGhost, shiftRatio } from "./ghost.ts";
import { drawOverlay, drawPredictedOverlay } from "./overlay.ts";
import { drawPicture, PictureDecoder } from "./picture-decoder.ts";
import { PoseHistory } from "./pose-history.ts";
import type { Scene } from "./scene.ts";
import { pinholeOf } from "./projection.ts";
import { loadSettings, saveSettings, type Settings } from "./settings.ts";
import { Toggle } from "./toggle.ts";
import { aheadText, msText, notInControl } from "./words.ts";

type View = Exclude<Settings["view"], "auto">;

const views: readonly View[] = ["split", "ghost", "live"];
/** Side by side where there is room for two pictures. */
const wide = matchMedia("(min-width: 1000px)");
const stalePictureMs = 1500;
const staleExpectationMs = 800;
const ghostOpacity = 0.45;
/** A turn by this share of the picture's width shows the ghost in full. */
const fullGhostShift = 0.08;

export interface StageEvents {
  /** The horizon a person chose; pictures of it have to be asked for. */
  onAhead(aheadMs: number): void;
  /** A point of the live picture was tapped: right and down, each 0..1. */
  onLook(point: readonly [number, number], stampMs: number): void;
  onExpectation(expectation: Expectation | undefined): void;
  /** What a person asked for cannot be done now. */
  onRefused(reason: string): void;
}

/** The live picture and what is expected of it: beside it, or as a ghost over it. */
export class Stage {
  readonly #events: StageEvents;
  readonly #live = new PictureDecoder<CameraPayload>(({ bitmap }) => {
    drawPicture(canvasById("camera"), bitmap);
    this.#isDrawn = false;
  });
  readonly #predicted = new PictureDecoder<PredictedCameraPayload>(({ bitmap }) => {
    if (this.#view() === "split") drawPicture(canvasById("predicted"), bitmap);
  });
  readonly #poses = new PoseHistory();
  readonly #look: Toggle;
  #expectation: Expectation | undefined;
  #aheadMs: number;
  #isDrawn = true;

  constructor(events: StageEvents) {
    this.#events = events;
    this.#aheadMs = loadSettings().aheadMs;
    this.#wireViews();
    this.#wireHorizon();
    this.#look = new Toggle(buttonById("look"), {
      onChange: (isOn) => {
        elementById("stage").toggleAttribute("data-looking", isOn);
      },
      onRefused: (reason) => {
        events.onRefused(reason);
      },
    });
    this.#wireLook();
  }

  get aheadMs(): number {
    return this.#aheadMs;
  }

  /** Looking where the picture is tapped is for who drives, and ends with the right to. */
  setInControl(isInControl: boolean): void {
    this.#look.setUnusable(isInControl ? undefined : notInControl);
  }

  showLive(picture: CameraPayload): void {
    this.#live.offer(picture);
  }

  /** A picture of another horizon than the chosen one was still on its way; it would be mistaken. */
  showPredicted(picture: PredictedCameraPayload): void {
    const stepMs = this.#expectation?.stepMs ?? 40;
    if (Math.abs(picture.aheadMs - this.#aheadMs) > stepMs) return;
    this.#predicted.offer(picture);
  }

  showPrediction(prediction: PredictionPayload): void {
    this.#expectation = Expectation.of(prediction);
    const expectation = this.#expectation;
    this.#events.onExpectation(expectation);
    if (expectation === undefined) return;
    this.#poses.add(expectation.stampMs, expectation.orientation(0));
    this.#isDrawn = false;
    const maxMs = prediction.horizonSteps * prediction.stepMs;
    const slider = byId("horizon", HTMLInputElement);
    if (slider.max !== String(maxMs)) slider.max = String(maxMs);
  }

  /** @param nowMs on the server's scale; undefined before anything came. */
  draw(nowMs: number | undefined): void {
    this.#writeCaptions(nowMs);
    this.#forgetStale(nowMs);
    const [live, expectation] = [this.#live.newest, this.#expectation];
    if (this.#isDrawn || live === undefined || expectation === undefined) return;
    this.#isDrawn = true;
    const present = this.#poses.at(live.payload.stampMs);
    if (present === undefined) return;
    const scene: Scene = {
      expectation,
      present,
      step: expectation.stepAt(this.#aheadMs),
      camera: pinholeOf(live.payload, expectation.verticalFovRad),
    };
    drawOverlay(canvasById("overlay"), scene);
    if (this.#view() === "ghost") this.#drawGhost(live.bitmap, scene);
    else drawPredictedOverlay(canvasById("predicted-overlay"), scene);
  }

  /** What was expected of another time is not shown as if it were of now. */
  #forgetStale(nowMs: number | undefined): void {
    if (nowMs === undefined || this.#expectation === undefined) return;
    if (nowMs - this.#expectation.stampMs <= staleExpectationMs) return;
    this.#expectation = undefined;
    fitCanvas(canvasById("overlay"));
    fitCanvas(canvasById("predicted-overlay"));
    if (this.#view() === "ghost") canvasById("predicted").style.opacity = "0";
  }

  #drawGhost(live: ImageBitmap, scene: Scene): void {
    const canvas = canvasById("predicted");
    drawGhost(canvas, live, this.#predicted.newest?.bitmap, scene);
    // Where nothing moves the ghost is the picture itself, and would only veil it.
    const strength = Math.min(1, shiftRatio(scene) / fullGhostShift);
    canvas.style.opacity = String(strength * ghostOpacity);
  }

  /** Shows the next way of looking. */
  nextView(): void {
    const at = views.indexOf(this.#view());
    this.#setView(views[(at + 1) % views.length] ?? "split");
  }

  /** Looks further ahead, or nearer, by a few steps. */
  moveAhead(direction: 1 | -1): void {
    const slider = byId("horizon", HTMLInputElement);
    const stepMs = 2 * Number(slider.step) * direction;
    slider.valueAsNumber = this.#aheadMs + stepMs;
    this.#setAhead(slider.valueAsNumber);
  }

  #writeCaptions(nowMs: number | undefined): void {
    const live = this.#live.newest?.payload;
    const predicted = this.#predicted.newest?.payload;
    const liveAgeMs = ageOf(live, nowMs);
    const madeAgeMs = ageOf(predicted, nowMs);
    const stage = elementById("stage");
    stage.toggleAttribute("data-no-camera", isStale(liveAgeMs));
    stage.toggleAttribute("data-no-prediction", isStale(madeAgeMs));
    setText(elementById("camera-note"), ageText(liveAgeMs));
    setText(elementById("ahead"), aheadText(this.#aheadMs));
    setText(elementById("predicted-note"), ageText(madeAgeMs));
  }

  #view(): View {
    const { view } = loadSettings();
    if (view !== "auto") return view;
    return wide.matches ? "split" : "ghost";
  }

  #setView(view: View): void {
    saveSettings({ view });
    this.#showView();
  }

  #showView(): void {
    const shown = this.#view();
    elementById("stage").dataset["view"] = shown;
    canvasById("predicted").style.opacity = "";
    const imagined = this.#predicted.newest;
    if (shown === "split" && imagined !== undefined) {
      drawPicture(canvasById("predicted"), imagined.bitmap);
    }
    for (const view of views) {
      buttonById(`view-${view}`).setAttribute("aria-pressed", String(view === shown));
    }
    this.#isDrawn = false;
  }

  #wireViews(): void {
    for (const view of views) {
      buttonById(`view-${view}`).addEventListener("click", () => {
        this.#setView(view);
      });
    }
    wide.addEventListener("change", () => {
      this.#showView();
    });
    new ResizeObserver(() => {
      this.#isDrawn = false;
    }).observe(elementById("stage"));
    this.#showView();
  }

  #wireHorizon(): void {
    const slider = byId("horizon", HTMLInputElement);
    slider.valueAsNumber = this.#aheadMs;
    letGoOfKeys(slider);
    slider.addEventListener("input", () => {
      this.#setAhead(slider.valueAsNumber);
    });
    this.#setAhead(this.#aheadMs);
  }

  #setAhead(aheadMs: number): void {
    const hasChanged = aheadMs !== this.#aheadMs;
    this.#aheadMs = aheadMs;
    this.#isDrawn = false;
    const text = aheadText(aheadMs);
    setText(elementById("horizon-text"), text);
    byId("horizon", HTMLInputElement).setAttribute("aria-valuetext", text);
    if (!hasChanged) return;
    saveSettings({ aheadMs });
    this.#events.onAhead(aheadMs);
  }

  #wireLook(): void {
    this.setInControl(false);
    elementById("live-picture").addEventListener("click", (event) => {
      const picture = this.#live.newest?.payload;
      if (!this.#look.isOn || picture === undefined) return;
      const box = canvasById("camera").getBoundingClientRect();
      const x = (event.clientX - box.left) / box.width;
      const y = (event.clientY - box.top) / box.height;
      if (x >= 0 && x <= 1 && y >= 0 && y <= 1) this.#events.onLook([x, y], picture.stampMs);
    });
  }
}

function ageOf(picture: CameraPayload | undefined, nowMs: number | undefined): number | undefined {
  if (picture === undefined || nowMs === undefined) return undefined;
  return Math.max(0, nowMs - picture.stampMs);
}

const isStale = (ageMs: number | undefined): boolean =>
  ageMs === undefined || ageMs > stalePictureMs;

const ageText = (ageMs: number | undefined): string =>
  ageMs === undefined ? "" : `${msText(ageMs)} ms old`;
