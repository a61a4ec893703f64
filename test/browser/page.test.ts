import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openSyntheticBackend, type SyntheticBackend } from "../fakes/synthetic-backend.ts";
import { until } from "../fakes/control-rig.ts";
import { describeChromium } from "./describe-chromium.ts";
import {
  inControl,
  openPage,
  takeControl,
  untilPainted,
  untilStill,
  type WatchedPage,
} from "./page-rig.ts";

const [yawAxis, pitchAxis] = [1, 3];

describeChromium("the control page at a desk", (launch) => {
  let backend: SyntheticBackend;
  let browser: Browser;
  let watched: WatchedPage;
  let page: Page;
  const yaw = (): number => backend.joints.setpointRad[yawAxis]!;
  const pitch = (): number => backend.joints.setpointRad[pitchAxis]!;

  beforeAll(async () => {
    backend = await openSyntheticBackend();
    browser = await launch();
    watched = await openPage(browser, backend.server.url);
    page = watched.page;
  });

  afterAll(async () => {
    await browser.close();
    await backend[Symbol.asyncDispose]();
  });

  it("shows pictures, dials, curves, score and what runs", async () => {
    await page.locator(".joint").nth(3).waitFor();
    expect(await page.locator(".joint h3").allTextContents()).toEqual([
      "deploy",
      "yaw",
      "roll",
      "pitch",
    ]);
    await page.locator("#ahead", { hasText: "+0.40 s" }).waitFor();
    await page.locator("#facts", { hasText: "kairos-mini-gimbal4" }).waitFor();
    await page.locator("#provider", { hasText: "cpu" }).waitFor();
    await page.locator("#coverage", { hasText: "91 %" }).waitFor();
    expect(await page.locator("#score-rows tr").count()).toBe(3);
    for (const id of ["camera", "overlay", "predicted", "predicted-overlay"]) {
      await untilPainted(page, `#${id}`);
    }
    await untilPainted(page, ".canvas-box canvas");
  });

  it("tells of each dial the limits, the measured and the predicted needle", async () => {
    const dial = page.locator(".joint", { hasText: "yaw" }).locator(".dial");
    await expect
      .poll(async () => await dial.locator(".dial-measured").getAttribute("transform"))
      .toMatch(/rotate/);
    for (const part of [".dial-hard", ".dial-soft", ".dial-ahead", ".dial-band"]) {
      expect(await dial.locator(part).count()).toBe(1);
    }
    expect(await dial.locator(".dial-tick").count()).toBe(2);
  });

  it("moves nothing before somebody takes control", async () => {
    const before = [...backend.joints.setpointRad];
    await page.keyboard.down("ArrowLeft");
    await page.waitForTimeout(150);
    await page.keyboard.up("ArrowLeft");
    expect(backend.joints.setpointRad).toEqual(before);
    expect(await page.locator("#action-home").isDisabled()).toBe(true);
  });

  it("moves while a key is held, towards the side the camera looks to", async () => {
    await takeControl(page);
    const before = yaw();
    await page.keyboard.down("ArrowLeft");
    await until(() => yaw() > before + 0.05, "yaw to the left");
    await page.keyboard.up("ArrowLeft");
    await untilStill(backend);
    expect(yaw()).toBeGreaterThan(before);
  });

  it("moves with the stick and stops when it is let go", async () => {
    const box = (await page.locator("#stick").boundingBox())!;
    const before = pitch();
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 2, box.y + 4, { steps: 4 });
    await until(() => pitch() < before - 0.05, "pitch up");
    await page.mouse.up();
    await untilStill(backend);
  });

  it("moves with a button held by the Enter key, for those who use nothing else", async () => {
    const roll = (): number => backend.joints.setpointRad[2]!;
    const before = roll();
    await page.locator("#roll-plus").focus();
    await page.keyboard.down("Enter");
    await until(() => roll() > before + 0.05, "roll to the right");
    await page.keyboard.up("Enter");
    await untilStill(backend);
  });

  it("goes home with one press, and says so when it cannot", async () => {
    await page.locator("#action-home").click();
    await until(() => Math.abs(yaw()) < 0.01 && Math.abs(pitch() - 0.1) < 0.01, "home");
    await untilStill(backend);
    expect(await page.locator("#notice").textContent()).toBe("");
  });

  it("leaves the arrows to the slider that has the focus, and the space to nobody but the stop", async () => {
    const before = yaw();
    const slider = page.locator("#horizon");
    await slider.focus();
    const text = await page.locator("#horizon-text").textContent();
    await page.keyboard.press("ArrowRight");
    await expect.poll(async () => await page.locator("#horizon-text").textContent()).not.toBe(text);
    expect(yaw()).toBe(before);
    await page.locator("#stick").focus();
    await page.keyboard.press("[");
    await page.locator("#ahead", { hasText: "+0.36 s" }).waitFor();
  });

  it("asks for pictures of the horizon that was chosen", async () => {
    await page.locator("#horizon").fill("1280");
    await page.locator("#ahead", { hasText: "+1.28 s" }).waitFor();
    await until(
      () => backend.server.stream.nextAheadMs("camera.predicted") === 1280,
      "a picture at 1.28 s",
    );
    await page.locator("#horizon").fill("400");
    await page.locator("#stick").focus();
  });

  it("stops when the window loses the focus, and does not go on by itself", async () => {
    const before = yaw();
    await page.keyboard.down("ArrowRight");
    await until(() => yaw() < before - 0.05, "yaw to the right");
    await page.evaluate(() => window.dispatchEvent(new Event("blur")));
    await untilStill(backend);
    await page.keyboard.up("ArrowRight");
  });

  it("stops when the tab is hidden, and does not go on when it is seen again", async () => {
    const before = yaw();
    await page.keyboard.down("ArrowRight");
    await until(() => yaw() < before - 0.05, "yaw to the right");
    await setHidden(page, true);
    await untilStill(backend);
    await setHidden(page, false);
    await untilStill(backend);
    await page.keyboard.up("ArrowRight");
  });

  it("stops with the space bar while a key is held", async () => {
    const before = yaw();
    await page.keyboard.down("ArrowLeft");
    await until(() => yaw() > before + 0.03, "yaw to the left");
    await page.keyboard.press("Space");
    await untilStill(backend);
    await page.keyboard.up("ArrowLeft");
    await inControl(page);
  });

  it("latches with the emergency stop, asks before it resets, and wants control to be taken anew", async () => {
    await page.locator("#estop").click();
    await page.locator("#mode", { hasText: "emergency stop" }).waitFor();
    await page.locator("#owner", { hasText: "Nobody is in control" }).waitFor();
    expect(await page.locator("#action-home").isDisabled()).toBe(true);
    const before = [...backend.joints.setpointRad];
    await page.locator("#reset").click();
    expect(await page.locator("#latched").isVisible()).toBe(true);
    await page.locator("#reset-cancel").click();
    await page.locator("#reset").click();
    await page.locator("#reset-confirm").click();
    await page.locator("#latched").waitFor({ state: "hidden" });
    expect(backend.joints.setpointRad).toEqual(before);
    await takeControl(page);
  });

  it("shows who holds the device to a second page, which may take it", async () => {
    const second = await openPage(browser, backend.server.url);
    const owner = second.page.locator("#owner");
    await owner.filter({ hasText: /control page is in control · \d+:\d\d/ }).waitFor();
    await second.page.locator("#force").click();
    await inControl(second.page);
    await page.locator("#owner", { hasText: "control page is in control" }).waitFor();
    expect(await page.locator("#action-home").isDisabled()).toBe(true);
    await second.page.context().close();
  });

  it("stops from a page that is not in control", async () => {
    const second = await openPage(browser, backend.server.url);
    await second.page.locator("#release, #take, #force").first().waitFor({ state: "attached" });
    await page.locator("#take").waitFor();
    await takeControl(page);
    const before = yaw();
    await page.keyboard.down("ArrowLeft");
    await until(() => yaw() > before + 0.03, "yaw to the left");
    await second.page.locator("#stop").click();
    await untilStill(backend);
    await page.keyboard.up("ArrowLeft");
    await second.page.context().close();
  });

  it("tells its keys, beside the stop and not over it", async () => {
    await page.keyboard.press("Shift+?");
    await page.locator("#help").waitFor();
    const [sheet, stop] = [
      (await page.locator("#help").boundingBox())!,
      (await page.locator("#stop").boundingBox())!,
    ];
    expect(sheet.y).toBeGreaterThanOrEqual(stop.y + stop.height);
    await page.keyboard.press("Escape");
    await page.locator("#help").waitFor({ state: "hidden" });
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("help-open");
  });

  it("runs under its own content policy without an error, and asks nothing of other hosts", () => {
    expect(watched.problems).toEqual([]);
  });
});

/** Headless Chromium hides no tab, so the page is told that it is hidden. */
async function setHidden(page: Page, isHidden: boolean): Promise<void> {
  await page.evaluate((hidden) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
    document.dispatchEvent(new Event("visibilitychange"));
  }, isHidden);
}
