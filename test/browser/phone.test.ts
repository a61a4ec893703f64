import type { Browser, CDPSession, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openSyntheticBackend, type SyntheticBackend } from "../fakes/synthetic-backend.ts";
import { until } from "../fakes/control-rig.ts";
import { describeChromium } from "./describe-chromium.ts";
import {
  openPage,
  phone,
  takeControl,
  untilPainted,
  untilStill,
  type WatchedPage,
} from "./page-rig.ts";

describeChromium("the control page on a phone", (launch) => {
  let backend: SyntheticBackend;
  let browser: Browser;
  let watched: WatchedPage;
  let page: Page;
  let touch: CDPSession;

  beforeAll(async () => {
    backend = await openSyntheticBackend();
    browser = await launch();
    watched = await openPage(browser, backend.server.url, phone);
    page = watched.page;
    touch = await page.context().newCDPSession(page);
  });

  afterAll(async () => {
    await browser.close();
    await backend[Symbol.asyncDispose]();
  });

  it("begins with the ghost over the live picture, and changes to both with a tap", async () => {
    expect(await page.locator("#stage").getAttribute("data-view")).toBe("ghost");
    await untilPainted(page, "#predicted");
    await page.locator("#view-split").tap();
    expect(await page.locator("#stage").getAttribute("data-view")).toBe("split");
    await page.locator("#view-ghost").tap();
  });

  it("drives with a thumb on the stick, and stops when the thumb is lifted", async () => {
    await page.locator("#take").tap();
    await page.locator("#release").waitFor();
    const yaw = (): number => backend.joints.setpointRad[1]!;
    const before = yaw();
    const thumb = await thumbOn(page, touch, "#stick");
    await thumb.to(-60, 0);
    await until(() => yaw() > before + 0.05, "yaw to the left");
    await thumb.lift();
    await untilStill(backend);
  });

  it("shows what a reset asks, with the stop in reach all the time", async () => {
    await page.locator("#estop").tap();
    await page.locator("#latched").waitFor();
    await page.locator("#reset").tap();
    await page.locator("#latched-text", { hasText: "A reset moves nothing" }).waitFor();
    await expectInThumbZone(page);
    await page.locator("#reset-confirm").tap();
    await page.locator("#latched").waitFor({ state: "hidden" });
  });

  it("stops with a thumb at once, while another finger holds the stick", async () => {
    await takeControl(page);
    const yaw = (): number => backend.joints.setpointRad[1]!;
    const before = yaw();
    const thumb = await thumbOn(page, touch, "#stick");
    await thumb.to(60, 0);
    await until(() => yaw() < before - 0.05, "yaw to the right");
    const stop = (await page.locator("#stop").boundingBox())!;
    await thumb.and(stop.x + stop.width / 2, stop.y + stop.height / 2);
    await untilStill(backend);
    await thumb.lift();
  });

  it("goes through every panel without scrolling sideways", async () => {
    for (const panel of ["joints", "model", "link", "events", "drive"]) {
      await page.locator(`#tab-${panel}`).tap();
      await page.locator(`#${panel}`).waitFor();
      expect(await sidewaysPx(page)).toBe(0);
    }
  });

  it.each([
    ["a phone", 390, 844],
    ["a small phone", 320, 568],
    ["a phone on its side", 844, 390],
    ["a tablet", 820, 1180],
    ["a desk page at 200 %", 720, 450],
    ["a desk", 1440, 900],
  ])(
    "fits %s: nothing sideways, the stop in view and large enough",
    async (_name, width, height) => {
      await page.setViewportSize({ width, height });
      expect(await sidewaysPx(page)).toBe(0);
      await expectInThumbZone(page);
      await page.setViewportSize({ width: 390, height: 844 });
    },
  );

  it("does not shift while it works: nothing jumps under a thumb", async () => {
    const shifts = await page.evaluate(async () => {
      // The page was resized a moment ago: what that moves is not meant.
      await new Promise((resolve) => setTimeout(resolve, 500));
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      let sum = 0;
      const observer = new PerformanceObserver((list) => {
        for (const entry of list.getEntries() as (PerformanceEntry & { value: number })[]) {
          sum += entry.value;
        }
      });
      observer.observe({ type: "layout-shift", buffered: false });
      await new Promise((resolve) => setTimeout(resolve, 2000));
      observer.disconnect();
      return sum;
    });
    expect(shifts).toBeLessThan(0.01);
  });

  it("had no error on the way", () => {
    expect(watched.problems).toEqual([]);
  });
});

async function sidewaysPx(page: Page): Promise<number> {
  return await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
}

async function expectInThumbZone(page: Page): Promise<void> {
  const { width, height } = page.viewportSize()!;
  for (const id of ["#stop", "#estop"]) {
    const box = (await page.locator(id).boundingBox())!;
    expect(box.y + box.height).toBeLessThanOrEqual(height);
    expect(box.x + box.width).toBeLessThanOrEqual(width);
    expect(box.height).toBeGreaterThanOrEqual(40);
    expect(box.width).toBeGreaterThanOrEqual(44);
  }
}

interface Thumb {
  /** Moves by CSS pixels from where it was put down. */
  to(rightPx: number, downPx: number): Promise<void>;
  /** Puts a second finger down elsewhere. */
  and(x: number, y: number): Promise<void>;
  lift(): Promise<void>;
}

/** Real touches, as the browser gets them from a screen. */
async function thumbOn(page: Page, touch: CDPSession, selector: string): Promise<Thumb> {
  await page.locator(selector).scrollIntoViewIfNeeded();
  const box = (await page.locator(selector).boundingBox())!;
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  let at = { x, y };
  const send = async (type: "touchStart" | "touchMove" | "touchEnd", touchPoints: object[]) => {
    await touch.send("Input.dispatchTouchEvent", { type, touchPoints: touchPoints as never });
  };
  await send("touchStart", [{ ...at, id: 0 }]);
  return {
    async to(rightPx, downPx) {
      for (const share of [0.3, 0.6, 1]) {
        at = { x: x + rightPx * share, y: y + downPx * share };
        await send("touchMove", [{ ...at, id: 0 }]);
      }
    },
    async and(otherX, otherY) {
      await send("touchStart", [
        { ...at, id: 0 },
        { x: otherX, y: otherY, id: 1 },
      ]);
    },
    async lift() {
      await send("touchEnd", []);
    },
  };
}
