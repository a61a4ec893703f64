import { pixelOf, rayOf, seenFrom, type Point } from "./projection.ts";
import type { Scene } from "./scene.ts";

/** A turn bends a picture; in this many parts each way, bending and shearing look the same. */
const columns = 8;
const rows = 6;
/** Parts overlap by this much, or hairlines show between them. */
const seamPx = 0.6;

/**
 * The picture expected at a step: the live one turned as the model expects the camera to turn, around it
 * what the model imagines.
 */
export function drawGhost(
  canvas: HTMLCanvasElement,
  live: ImageBitmap,
  imagined: ImageBitmap | undefined,
  scene: Scene,
): void {
  const { camera } = scene;
  if (canvas.width !== live.width || canvas.height !== live.height) {
    canvas.width = live.width;
    canvas.height = live.height;
  }
  const pen = canvas.getContext("2d");
  if (pen === null) return;
  pen.resetTransform();
  pen.clearRect(0, 0, canvas.width, canvas.height);
  if (imagined !== undefined) pen.drawImage(imagined, 0, 0, canvas.width, canvas.height);
  const [width, height] = [camera.widthPx / columns, camera.heightPx / rows];
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      drawPart(pen, live, scene, { x: column * width, y: row * height, width, height });
    }
  }
  pen.resetTransform();
}

/** How far the middle of the picture moves, in widths of the picture: how much there is to see of a ghost. */
export function shiftRatio({ camera, present, expectation, step }: Scene): number {
  const to = pixelOf(camera, seenFrom(present, expectation.orientation(step), [0, 0, 1]));
  if (to === undefined) return 1;
  return Math.hypot(to.x - camera.widthPx / 2, to.y - camera.heightPx / 2) / camera.widthPx;
}

interface Part {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function drawPart(
  pen: CanvasRenderingContext2D,
  live: ImageBitmap,
  scene: Scene,
  part: Part,
): void {
  const { x, y, width, height } = part;
  const origin = futurePoint(scene, { x, y });
  const right = futurePoint(scene, { x: x + width, y });
  const down = futurePoint(scene, { x, y: y + height });
  if (origin === undefined || right === undefined || down === undefined) return;
  pen.setTransform(
    (right.x - origin.x) / width,
    (right.y - origin.y) / width,
    (down.x - origin.x) / height,
    (down.y - origin.y) / height,
    origin.x,
    origin.y,
  );
  const [w, h] = [width + seamPx, height + seamPx];
  pen.drawImage(live, x, y, w, h, 0, 0, w, h);
}

/** Where the picture of the future shows what the live one shows at a point. */
function futurePoint({ camera, present, expectation, step }: Scene, at: Point): Point | undefined {
  return pixelOf(camera, seenFrom(expectation.orientation(step), present, rayOf(camera, at)));
}
