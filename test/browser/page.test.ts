import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openSyntheticBackend, type SyntheticBackend } from "../fakes/synthetic-backend.ts";
import { until } from "../fakes/control-rig.ts";
import { describeChromium } from "./describe-chromium.ts";

describeChromium("the control page in Chromium", (launch) => {
  let backend: SyntheticBackend;
  let browser: Browser;
  let page: Page;
  const problems: string[] = [];

  beforeAll(async () => {
    backend = await openSyntheticBackend();
    browser = await launch();
    page = await browser.newPage({ viewport: { width: 1600, height: 900 } });
    page.on("pageerror", ({ message }) => problems.push(message));
    page.on("console", (message) => {
      if (message.type() === "error") problems.push(message.text());
    });
    page.on("request", (request) => {
      const { hostname } = new URL(request.url());
      if (hostname !== "127.0.0.1" && hostname !== "") problems.push(`asks ${request.url()}`);
    });
    await page.goto(backend.server.url);
    await page.locator("#connection", { hasText: "connected" }).waitFor();
  });

  afterAll(async () => {
    await browser.close();
    await backend[Symbol.asyncDispose]();
  });

  it("shows pictures, curves, score and what runs", async () => {
    await page.locator(".plot").nth(3).waitFor();
    expect(await page.locator(".plot h2").allTextContents()).toEqual([
      "deploy",
      "yaw",
      "roll",
      "pitch",
    ]);
    await page.locator("#ahead", { hasText: "+240 ms" }).waitFor();
    await page.locator("#facts", { hasText: "kairos-mini-gimbal4" }).waitFor();
    await page.locator("#coverage", { hasText: "90.7 %" }).waitFor();
    expect(await page.locator("#score-rows tr").count()).toBe(5);
    for (const id of ["camera", "predicted"]) await untilPainted(page, `#${id}`);
    await untilPainted(page, ".plot canvas");
  });

  it("moves nothing before somebody takes control", async () => {
    const before = [...backend.joints.setpointRad];
    await page.keyboard.down("ArrowLeft");
    await page.waitForTimeout(150);
    await page.keyboard.up("ArrowLeft");
    expect(backend.joints.setpointRad).toEqual(before);
    expect(await page.locator("#home").isDisabled()).toBe(true);
  });

  it("moves while a key is held, towards the side the camera looks to", async () => {
    await page.locator("#take").click();
    await page.locator("#owner", { hasText: "you are in control" }).waitFor();
    const yaw = (): number => backend.joints.setpointRad[1]!;
    const before = yaw();
    await page.keyboard.down("ArrowLeft");
    await until(() => yaw() > before + 0.05, "yaw to the left");
    await page.keyboard.up("ArrowLeft");
    await untilStill(backend);
    expect(yaw()).toBeGreaterThan(before);
  });

  it("moves with the stick and stops when it is let go", async () => {
    const box = (await page.locator("#stick").boundingBox())!;
    const pitch = (): number => backend.joints.setpointRad[3]!;
    const before = pitch();
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 2, box.y + 4, { steps: 4 });
    await until(() => pitch() < before - 0.05, "pitch up");
    await page.mouse.up();
    await untilStill(backend);
  });

  it("stops when the window loses the focus, and does not go on by itself", async () => {
    const yaw = (): number => backend.joints.setpointRad[1]!;
    const before = yaw();
    await page.keyboard.down("ArrowRight");
    await until(() => yaw() < before - 0.05, "yaw to the right");
    await page.evaluate(() => window.dispatchEvent(new Event("blur")));
    await untilStill(backend);
    await page.keyboard.up("ArrowRight");
  });

  it("stops with the space bar while a key is held", async () => {
    const yaw = (): number => backend.joints.setpointRad[1]!;
    const before = yaw();
    await page.keyboard.down("ArrowLeft");
    await until(() => yaw() > before + 0.03, "yaw to the left");
    await page.keyboard.press("Space");
    await untilStill(backend);
    await page.keyboard.up("ArrowLeft");
    await page.locator("#owner", { hasText: "you are in control" }).waitFor();
  });

  it("latches with E-stop, offers the reset, and wants control to be taken anew", async () => {
    await page.locator("#estop").click();
    await page.locator("#mode", { hasText: "emergency stop" }).waitFor();
    await page.locator("#owner", { hasText: "nobody is in control" }).waitFor();
    expect(await page.locator("#home").isDisabled()).toBe(true);
    await page.locator("#reset").click();
    await page.locator("#reset").waitFor({ state: "hidden" });
    await page.locator("#take").click();
    await page.locator("#owner", { hasText: "you are in control" }).waitFor();
  });

  it("shows who holds the device to a second page, which may take it", async () => {
    const second = await browser.newPage();
    await second.goto(backend.server.url);
    await second.locator("#owner", { hasText: "control page is in control" }).waitFor();
    await second.locator("#take").click();
    await second.locator("#notice", { hasText: "held by control page" }).waitFor();
    await second.locator("#force").click();
    await second.locator("#owner", { hasText: "you are in control" }).waitFor();
    await page.locator("#owner", { hasText: "control page is in control" }).waitFor();
    expect(await page.locator("#home").isDisabled()).toBe(true);
    await second.close();
  });

  it("keeps the stop in view on a phone, without scrolling sideways", async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    const box = (await page.locator("#stop").boundingBox())!;
    expect(box.y + box.height).toBeLessThanOrEqual(844);
    expect(box.height).toBeGreaterThanOrEqual(44);
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(overflow).toBe(0);
  });

  it("runs under its own content policy without an error, and asks nothing of other hosts", () => {
    expect(problems).toEqual([]);
  });
});

async function untilPainted(page: Page, selector: string): Promise<void> {
  await page.waitForFunction((css) => {
    const canvas = document.querySelector(css);
    if (!(canvas instanceof HTMLCanvasElement)) return false;
    const data = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data;
    return data?.some((value, i) => i % 4 === 3 && value > 0) ?? false;
  }, selector);
}

/**
 * The setpoints rest soon: what was held has been let go of or has expired. Without that an axis would
 * rest only at its limit, seconds and radians later.
 */
async function untilStill(backend: SyntheticBackend): Promise<void> {
  const start = [...backend.joints.setpointRad];
  let last = "";
  let sinceMs = performance.now();
  await until(() => {
    const now = backend.joints.setpointRad.map((rad) => rad.toFixed(6)).join();
    if (now !== last) sinceMs = performance.now();
    last = now;
    return performance.now() - sinceMs > 300;
  }, "the device at rest");
  const travelled = backend.joints.setpointRad.map((rad, i) => Math.abs(rad - start[i]!));
  expect(Math.max(...travelled)).toBeLessThan(0.6);
}
