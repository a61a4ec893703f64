import type { Said } from "./words.ts";

/** An element of the page by its id. @throws Error if the page and the script disagree. */
export function byId<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (found instanceof type) return found;
  throw new Error(`#${id} is missing or not a ${type.name}`);
}

export const buttonById = (id: string): HTMLButtonElement => byId(id, HTMLButtonElement);
export const elementById = (id: string): HTMLElement => byId(id, HTMLElement);
export const canvasById = (id: string): HTMLCanvasElement => byId(id, HTMLCanvasElement);

export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  options: { readonly className?: string; readonly text?: string } = {},
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (options.className !== undefined) element.className = options.className;
  if (options.text !== undefined) element.textContent = options.text;
  return element;
}

/** Sets text only when it differs: the page writes at frame rate. */
export function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** A short state: its text and the colour of its dot. */
export function setPill(element: HTMLElement, { text, tone }: Said): void {
  element.hidden = false;
  element.dataset["tone"] = tone;
  setText(element, text);
}

/**
 * Fits a canvas to its box in device pixels and returns its context scaled to CSS pixels.
 * Undefined while the canvas is not shown.
 */
export function fitCanvas(
  canvas: HTMLCanvasElement,
):
  | { readonly pen: CanvasRenderingContext2D; readonly width: number; readonly height: number }
  | undefined {
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  const pen = canvas.getContext("2d");
  if (pen === null || width === 0 || height === 0) return undefined;
  const ratio = window.devicePixelRatio;
  const pixelWidth = Math.round(width * ratio);
  const pixelHeight = Math.round(height * ratio);
  if (canvas.width !== pixelWidth || canvas.height !== pixelHeight) {
    canvas.width = pixelWidth;
    canvas.height = pixelHeight;
  }
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  return { pen, width, height };
}

const svgSpace = "http://www.w3.org/2000/svg";

/** An SVG element with its attributes. */
export function makeSvg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string | number>> = {},
): SVGElementTagNameMap[K] {
  const element = document.createElementNS(svgSpace, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}

/** Sets an attribute only when it differs: the page writes at frame rate. */
export function setAttribute(element: Element, name: string, value: string): void {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** A slider that was set with a finger or mouse gives the arrow keys back to what they move. */
export function letGoOfKeys(slider: HTMLInputElement): void {
  slider.addEventListener("pointerup", () => {
    slider.blur();
  });
}
