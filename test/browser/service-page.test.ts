import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { StateRecorder } from "../fakes/state-recorder.ts";
import { ServiceProcess } from "../setup/service-process.ts";
import { describeChromium } from "./describe-chromium.ts";
import { desk, openPage, takeControl, type WatchedPage } from "./page-rig.ts";

const [yawAxis, pitchAxis] = [1, 3];

describeChromium("the page of the running service in Chromium", (launch) => {
  let service: ServiceProcess;
  let recorder: StateRecorder;
  let browser: Browser;
  let watched: WatchedPage;
  let page: Page;

  beforeAll(async () => {
    service = ServiceProcess.start({ environment: { KAIROS_ROS_TRANSPORT: "off" } });
    const url = await service.url();
    recorder = await StateRecorder.open(url);
    browser = await launch();
    watched = await openPage(browser, url, desk);
    page = watched.page;
  });
  afterAll(async () => {
    recorder.close();
    await browser.close();
    await service[Symbol.asyncDispose]();
  });

  it("shows a live camera: a real picture, and another one soon after", async () => {
    const first = await pixels(page, "#camera", (all) => colourCount(all) > 50);
    const second = await pixels(page, "#camera", (all) => changedRatio(all, first) > 0.002);
    expect(colourCount(second)).toBeGreaterThan(50);
    const predicted = await pixels(page, "#predicted", (all) => colourCount(all) > 50);
    expect(colourCount(predicted)).toBeGreaterThan(50);
  });

  it("names the model, the provider and what runs", async () => {
    await page.locator("#model-name", { hasText: "kairos-mini-gimbal4" }).waitFor();
    expect(await page.locator("#provider").textContent()).toMatch(/cpu/i);
  });

  it("shows a ghost that moves ahead of the live picture while the camera turns", async () => {
    await page.locator("#view-ghost").click();
    await takeControl(page);
    await page.locator("#speed").fill("20");
    await page.locator("#stick").focus();
    await page.keyboard.down("ArrowRight");
    const leads = await ghostLeadsPx(page, { count: 8, whileMoving: true });
    await page.keyboard.up("ArrowRight");
    // Turning right moves the picture to the left: the ghost is further left than the picture.
    expect(medianOf(leads)).toBeLessThan(-8);
    // At rest the ghost is the picture again, and is not seen.
    await page.waitForFunction(
      () => Number(document.querySelector<HTMLElement>("#predicted")!.style.opacity) < 0.05,
    );
    const atRest = await ghostLeadsPx(page, { count: 3, whileMoving: false });
    expect(Math.abs(medianOf(atRest))).toBeLessThanOrEqual(2);
  });

  it("stops with the space bar although a key is still held", async () => {
    await page.locator("#speed").fill("40");
    await page.locator("#stick").focus();
    await page.keyboard.down("ArrowLeft");
    const before = recorder.last.posRad[yawAxis]!;
    await recorder.until(() => recorder.last.posRad[yawAxis]! > before + 0.1);
    await page.keyboard.press("Space");
    await recorder.forMs(800);
    const turned = (await recorder.forMs(300)).map((state) => state.posRad[yawAxis]!);
    expect(Math.max(...turned) - Math.min(...turned)).toBeLessThan(0.005);
    await page.keyboard.up("ArrowLeft");
  });

  it("nods, and looks at the point that was tapped", async () => {
    await page.locator("#action-home").click();
    await recorder.until(() => Math.abs(recorder.last.posRad[yawAxis]!) < 0.02);
    const level = recorder.last.posRad[pitchAxis]!;
    await page.locator("#action-nod").click();
    await recorder.until(() => Math.abs(recorder.last.posRad[pitchAxis]! - level) > 0.05);
    await recorder.until(() => recorder.last.velRadPerS.every((vel) => Math.abs(vel) < 0.01));
    await page.locator("#look").click();
    const box = (await page.locator("#camera").boundingBox())!;
    await page.mouse.click(box.x + box.width * 0.25, box.y + box.height / 2);
    // What is on the left of the picture lies to the left: yaw rises (REP 103).
    await recorder.until(() => recorder.last.posRad[yawAxis]! > 0.15);
    await page.locator("#look").click();
  });

  it("had no error on the way", () => {
    expect(watched.problems).toEqual([]);
  });
});

/**
 * How far the ghost lies from the live picture, in pixels of the picture, positive to the right: the
 * shift at which the middle rows of both canvases agree best. Measured in the page, since pictures
 * are slow to bring here: once per new picture, from when the ghost is seen in full.
 */
async function ghostLeadsPx(
  page: Page,
  want: { readonly count: number; readonly whileMoving: boolean },
): Promise<readonly number[]> {
  return await page.evaluate(async ({ count, whileMoving }) => {
    const canvasOf = (id: string) => document.querySelector<HTMLCanvasElement>(id)!;
    const read = (id: string): readonly number[] => {
      const { width, height } = canvasOf(id);
      const rows = Math.floor(height / 3);
      const { data } = canvasOf(id).getContext("2d")!.getImageData(0, rows, width, rows);
      return Array.from({ length: width }, (_, x) => {
        let sum = 0;
        for (let y = 0; y < rows; y += 1) sum += data[(y * width + x) * 4 + 1]!;
        return sum / rows;
      });
    };
    const leadOf = (live: readonly number[], ghost: readonly number[]): number => {
      let best = { shift: 0, error: Number.POSITIVE_INFINITY };
      const reach = Math.floor(live.length * 0.45);
      for (let shift = -reach; shift <= reach; shift += 1) {
        const from = Math.max(0, shift);
        const to = Math.min(live.length, live.length + shift);
        let error = 0;
        for (let x = from; x < to; x += 1) error += Math.abs(ghost[x]! - live[x - shift]!);
        error /= to - from;
        if (error < best.error) best = { shift, error };
      }
      return best.shift;
    };
    const leads: number[] = [];
    let last = "";
    while (leads.length < count) {
      await new Promise((resolve) => requestAnimationFrame(resolve));
      const isSeen = Number(canvasOf("#predicted").style.opacity) > 0.4;
      const live = read("#camera");
      if (whileMoving && (!isSeen || live.join() === last)) continue;
      last = live.join();
      leads.push(leadOf(live, read("#predicted")));
    }
    return leads;
  }, want);
}

const medianOf = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** RGBA of a canvas as soon as `isWanted` holds for it. */
async function pixels(
  page: Page,
  selector: string,
  isWanted: (all: readonly number[]) => boolean,
): Promise<readonly number[]> {
  const deadlineMs = performance.now() + 10_000;
  for (;;) {
    const all = await page.evaluate((css) => {
      const canvas = document.querySelector<HTMLCanvasElement>(css)!;
      const { width, height } = canvas;
      return width === 0
        ? []
        : Array.from(canvas.getContext("2d")!.getImageData(0, 0, width, height).data);
    }, selector);
    if (all.length > 0 && isWanted(all)) return all;
    if (performance.now() > deadlineMs) throw new Error(`${selector} never showed what was wanted`);
    await page.waitForTimeout(50);
  }
}

function colourCount(rgba: readonly number[]): number {
  const seen = new Set<number>();
  for (let i = 0; i < rgba.length; i += 4) {
    seen.add((rgba[i]! << 16) | (rgba[i + 1]! << 8) | rgba[i + 2]!);
  }
  return seen.size;
}

/** Share of pixels that differ clearly. */
function changedRatio(a: readonly number[], b: readonly number[]): number {
  let changed = 0;
  for (let i = 0; i < a.length; i += 4) {
    const off = Math.max(...[0, 1, 2].map((c) => Math.abs(a[i + c]! - b[i + c]!)));
    if (off > 16) changed += 1;
  }
  return changed / (a.length / 4);
}
