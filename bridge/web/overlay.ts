import { colours } from "./colours.ts";
import { fitCanvas } from "./dom.ts";
import type { Point } from "./projection.ts";
import type { Scene } from "./scene.ts";

/** Shifts smaller than this are noise of the prediction; drawing them would flicker. */
const stillRatio = 0.012;
const cornerPx = 22;

interface Brush {
  readonly pen: CanvasRenderingContext2D;
  /** CSS pixels per pixel of the picture. */
  readonly scale: number;
}

/** Draws into the live picture: the way its middle will take, the frame it will show, where the target goes. */
export function drawOverlay(canvas: HTMLCanvasElement, scene: Scene): void {
  const fitted = fitCanvas(canvas);
  if (fitted === undefined) return;
  const { pen, width } = fitted;
  const brush: Brush = { pen, scale: width / scene.camera.widthPx };
  pen.lineCap = "round";
  pen.lineJoin = "round";
  drawCameraPath(brush, scene);
  drawTarget(brush, scene);
}

/** Draws into the predicted picture: where the target is in it. */
export function drawPredictedOverlay(canvas: HTMLCanvasElement, scene: Scene): void {
  const fitted = fitCanvas(canvas);
  if (fitted === undefined) return;
  const brush: Brush = { pen: fitted.pen, scale: fitted.width / scene.camera.widthPx };
  const { expectation, camera, step } = scene;
  if (!expectation.seesTarget(step)) return;
  stroke(brush, expectation.targetEllipse(camera, step), { isClosed: true });
}

function drawCameraPath(brush: Brush, scene: Scene): void {
  const { expectation, camera, present, step } = scene;
  const path = expectation.path(camera, present, step);
  const [from, to] = [path[0], path.at(-1)];
  if (from === undefined || to === undefined) return;
  const shiftPx = Math.hypot(to.x - from.x, to.y - from.y);
  if (shiftPx < stillRatio * camera.widthPx) {
    cross(brush, to);
    return;
  }
  corners(brush, expectation.frame(camera, present, step));
  stroke(brush, path, { width: 2.5 });
  const ellipse = expectation.pathEllipse(camera, present, step);
  fill(brush, ellipse, 0.28);
  stroke(brush, ellipse, { isClosed: true, width: 1.25 });
  dot(brush, to, 3.5);
}

function drawTarget(brush: Brush, scene: Scene): void {
  const { expectation, camera, step } = scene;
  if (!expectation.seesTarget(1)) return;
  const now = expectation.targetNow(camera, scene.present);
  if (now === undefined) return;
  const trail = [
    now,
    ...Array.from({ length: step }, (_, k) => expectation.targetPoint(camera, k + 1)),
  ].filter((point) => point !== undefined);
  ring(brush, now, 9);
  const isSeenLater = expectation.seesTarget(step);
  stroke(brush, trail, { width: 1.5, dash: [1, 5] });
  if (isSeenLater) {
    const ellipse = expectation.targetEllipse(camera, step);
    fill(brush, ellipse, 0.16);
    stroke(brush, ellipse, { isClosed: true, width: 1.25, dash: [4, 3] });
  }
}

interface StrokeStyle {
  readonly isClosed?: boolean;
  readonly width?: number;
  readonly dash?: readonly number[];
}

/** A dark casing under every line: pictures may be of any brightness. */
function stroke(brush: Brush, points: readonly Point[], style: StrokeStyle = {}): void {
  const { pen, scale } = brush;
  const { isClosed = false, width = 2, dash = [] } = style;
  if (points.length < 2) return;
  trace(pen, points, scale);
  if (isClosed) pen.closePath();
  pen.setLineDash([...dash]);
  pen.lineWidth = width + 2;
  pen.strokeStyle = colours.casing;
  pen.stroke();
  pen.lineWidth = width;
  pen.strokeStyle = colours["on-picture"];
  pen.stroke();
  pen.setLineDash([]);
}

function fill({ pen, scale }: Brush, points: readonly Point[], alpha: number): void {
  if (points.length < 3) return;
  trace(pen, points, scale);
  pen.globalAlpha = alpha;
  pen.fillStyle = colours["on-picture"];
  pen.fill();
  pen.globalAlpha = 1;
}

function trace(pen: CanvasRenderingContext2D, points: readonly Point[], scale: number): void {
  pen.beginPath();
  for (const { x, y } of points) pen.lineTo(x * scale, y * scale);
}

/** The corners of a frame, as a viewfinder has them. */
function corners(brush: Brush, frame: readonly Point[]): void {
  if (frame.length < 4) return;
  frame.forEach((corner, i) => {
    const [before, after] = [frame[(i + 3) % 4] ?? corner, frame[(i + 1) % 4] ?? corner];
    const leg = cornerPx / brush.scale;
    stroke(brush, [towards(corner, before, leg), corner, towards(corner, after, leg)], {
      width: 2,
    });
  });
}

function towards(from: Point, to: Point, length: number): Point {
  const distance = Math.max(1, Math.hypot(to.x - from.x, to.y - from.y));
  const share = Math.min(0.5, length / distance);
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
}

function cross(brush: Brush, { x, y }: Point): void {
  const arm = 6 / brush.scale;
  stroke(
    brush,
    [
      { x: x - arm, y },
      { x: x + arm, y },
    ],
    { width: 1.5 },
  );
  stroke(
    brush,
    [
      { x, y: y - arm },
      { x, y: y + arm },
    ],
    { width: 1.5 },
  );
}

function dot({ pen, scale }: Brush, { x, y }: Point, radiusPx: number): void {
  pen.beginPath();
  pen.arc(x * scale, y * scale, radiusPx, 0, 2 * Math.PI);
  pen.fillStyle = colours["on-picture"];
  pen.fill();
  pen.lineWidth = 1;
  pen.strokeStyle = colours.casing;
  pen.stroke();
}

function ring(brush: Brush, { x, y }: Point, radiusPx: number): void {
  const radius = radiusPx / brush.scale;
  const count = 32;
  const points = Array.from({ length: count }, (_, i) => {
    const angle = (i / count) * 2 * Math.PI;
    return { x: x + radius * Math.cos(angle), y: y + radius * Math.sin(angle) };
  });
  stroke(brush, points, { isClosed: true, width: 1.5 });
}
