import { mkdirSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { StateRecorder } from "../fakes/state-recorder.ts";
import { ServiceProcess } from "../setup/service-process.ts";
import { describeChromium } from "./describe-chromium.ts";

const yaw = 1;

describeChromium("the page of the running service in Chromium", (launch) => {
  let service: ServiceProcess;
  let recorder: StateRecorder;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    service = ServiceProcess.start({ environment: { KAIROS_ROS_TRANSPORT: "off" } });
    const url = await service.url();
    recorder = await StateRecorder.open(url);
    browser = await launch();
    page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await page.goto(url);
    await page.locator("#connection", { hasText: "connected" }).waitFor();
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
    expect(
      colourCount(await pixels(page, "#predicted", (all) => colourCount(all) > 50)),
    ).toBeGreaterThan(50);
  });

  it("names the model, the provider and what runs", async () => {
    await page.locator("#facts", { hasText: "kairos-mini-gimbal4" }).waitFor();
    expect(await page.locator("#facts").textContent()).toMatch(/cpu/i);
  });

  it("turns the yaw while the stick is dragged, and its camera sees the turn coming", async () => {
    await page.locator("#take").click();
    await page.locator("#owner", { hasText: "you are in control" }).waitFor();
    const before = recorder.last.posRad[yaw]!;
    const box = (await page.locator("#stick").boundingBox())!;
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x - box.width * 0.42, y - box.height * 0.06, { steps: 5 });
    await recorder.until(() => recorder.last.posRad[yaw]! > before + 0.25);
    const camera = await pixels(page, "#camera", () => true);
    const predicted = await pixels(page, "#predicted", () => true);
    expect(changedRatio(predicted, camera)).toBeGreaterThan(0.05);
    mkdirSync("test/output", { recursive: true });
    await page.screenshot({ path: "test/output/control-page.png" });
  });

  it("stops with the stop button although the stick is still held", async () => {
    await page.keyboard.press("Space");
    await recorder.forMs(800);
    const states = await recorder.forMs(300);
    const turned = states.map((state) => state.posRad[yaw]!);
    expect(Math.max(...turned) - Math.min(...turned)).toBeLessThan(0.005);
    await page.mouse.up();
  });
});

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
