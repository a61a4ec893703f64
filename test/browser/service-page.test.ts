import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { WebSocket } from "ws";
import {
  connectControl,
  connectStream,
  type ControlClient,
  type StreamClient,
} from "../../bridge/client/index.ts";
import { StateRecorder } from "../fakes/state-recorder.ts";
import { ServiceProcess } from "../setup/service-process.ts";
import { describeChromium } from "./describe-chromium.ts";
import { phoneMount } from "../fakes/synthetic-actuation.ts";
import { desk, openPage, takeControl, type WatchedPage } from "./page-rig.ts";

const [yawAxis, pitchAxis] = [1, 3];
const mount = phoneMount();
/** The target leaves the picture for seconds, and comes back. */
const patienceMs = 25_000;
/** Width over height of the simulator's pictures. */
const pictureAspect = 4 / 3;

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

  const untilRest = async (): Promise<void> => {
    await recorder.until(() => recorder.last.velRadPerS.every((vel) => Math.abs(vel) < 0.01));
  };
  const goHome = async (): Promise<void> => {
    await page.locator("#action-home").click();
    await recorder.until(
      () =>
        Math.abs(recorder.last.posRad[yawAxis]!) < 0.02 &&
        Math.abs(recorder.last.posRad[pitchAxis]! - mount.homeRad[pitchAxis]!) < 0.02,
    );
    await untilRest();
  };
  const switchLook = async (isOn: boolean): Promise<void> => {
    const look = page.locator("#look");
    if ((await look.getAttribute("aria-pressed")) !== String(isOn)) await look.click();
    await page.locator(`#look[aria-pressed=${isOn}]`).waitFor();
  };

  /** What is commanded stays where it is, although the target goes on. */
  const untilSetpointsRest = async (): Promise<void> => {
    let from = recorder.last;
    await recorder.until(() => {
      const { setpointRad, stampMs } = recorder.last;
      const moved = Math.max(...setpointRad.map((rad, i) => Math.abs(rad - from.setpointRad[i]!)));
      if (moved > 0.001) from = recorder.last;
      return stampMs - from.stampMs > 1000;
    });
  };
  /** Presses the switch, again where the target was lost on the way, until it is as wanted. */
  const followUntil = async (isThere: () => boolean): Promise<void> => {
    const follow = page.locator("#follow");
    await expect
      .poll(
        async () => {
          const isOn = (await follow.getAttribute("aria-pressed")) === "true";
          if (!isOn) await follow.press("Enter");
          return isOn && isThere();
        },
        { timeout: patienceMs, interval: 50 },
      )
      .toBe(true);
  };
  const lookAside = async (target: TargetWatch): Promise<void> => {
    await page.locator("#action-home").click();
    await expect
      .poll(() => target.isSeen && target.offRad > 0.2, { timeout: patienceMs })
      .toBe(true);
  };

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

  it("goes home and nods", async () => {
    await page.locator("#action-home").click();
    await recorder.until(() => Math.abs(recorder.last.posRad[yawAxis]!) < 0.02);
    const level = recorder.last.posRad[pitchAxis]!;
    await page.locator("#action-nod").click();
    await recorder.until(() => Math.abs(recorder.last.posRad[pitchAxis]! - level) > 0.05);
    await recorder.until(() => recorder.last.velRadPerS.every((vel) => Math.abs(vel) < 0.01));
    expect(await page.locator("#notice").textContent()).toBe("");
  });

  it.each([
    ["right and up", { x: 0.75, y: 0.3 }],
    ["left and down", { x: 0.3, y: 0.65 }],
  ])("looks where the live picture is tapped: %s of the middle", async (_side, at) => {
    await goHome();
    await page.locator("#view-live").click();
    await switchLook(true);
    const from = recorder.last.posRad;
    await tapPicture(page, at);
    // The mount's optical axis lies level with its base at home but for the pitch: a point's bearing is
    // the turn it takes. REP 103 has yaw left and pitch down positive.
    const { right, down } = bearingOf(at);
    await recorder.until(
      () =>
        Math.abs(recorder.last.posRad[yawAxis]! - from[yawAxis]! + right) < 0.06 &&
        Math.abs(recorder.last.posRad[pitchAxis]! - from[pitchAxis]! - down) < 0.06,
    );
    await untilRest();
    expect(Math.sign(recorder.last.posRad[yawAxis]! - from[yawAxis]!)).toBe(-Math.sign(right));
    expect(Math.sign(recorder.last.posRad[pitchAxis]! - from[pitchAxis]!)).toBe(Math.sign(down));
    expect(await page.locator("#notice").textContent()).toBe("");
  });

  it("ends a look when control is taken away, and looks no more", async () => {
    await using other = await connectOther(service);
    await goHome();
    await page.locator("#speed").fill("5");
    await switchLook(true);
    const from = recorder.last.posRad[yawAxis]!;
    const at = { x: 0.95, y: 0.5 };
    await tapPicture(page, at);
    await recorder.until(() => recorder.last.posRad[yawAxis]! < from - 0.02);
    const lease = await other.client.take("mount0");
    await page.locator("#look[aria-pressed=false][aria-disabled=true]").waitFor();
    await untilRest();
    // At a twentieth of its speed the mount was far from there.
    const { right } = bearingOf(at);
    expect(from - recorder.last.posRad[yawAxis]!).toBeLessThan(right - 0.1);
    const rest = recorder.last.posRad[yawAxis]!;
    await tapPicture(page, { x: 0.1, y: 0.5 });
    const after = (await recorder.forMs(500)).map((state) => state.posRad[yawAxis]!);
    expect(Math.max(...after.map((rad) => Math.abs(rad - rest)))).toBeLessThan(0.01);
    // The keyboard reaches it all the same, and hears why not.
    await page.locator("#look").press("Enter");
    expect(await page.locator("#notice").textContent()).toContain("Take control first");
    await lease.return();
    await page.locator("#speed").fill("40");
    await takeControl(page);
  });

  it("follows what the model sees: its predicted place comes to the middle of the picture", async () => {
    await page.locator("#view-split").click();
    await switchLook(false);
    using target = await TargetWatch.open(await service.url());
    // From where it cannot be in the middle already.
    await lookAside(target);
    await followUntil(() => target.lately(10, (offRad) => offRad < 0.15));
    await page.locator("#follow").press("Enter");
    await page.locator("#follow[aria-pressed=false]").waitFor();
    await untilSetpointsRest();
  });

  it.each<[string, () => Promise<void>]>([
    [
      "the stop",
      async () => {
        await page.keyboard.press("Space");
      },
    ],
    [
      "another motion",
      async () => {
        await page.locator("#action-home").click();
      },
    ],
    [
      "a key that moves",
      async () => {
        await page.keyboard.press("ArrowUp", { delay: 100 });
      },
    ],
    [
      "a window that loses the focus",
      async () => {
        await page.evaluate(() => void window.dispatchEvent(new Event("blur")));
      },
    ],
  ])("follows no more after %s, until it is pressed again", async (_what, act) => {
    using target = await TargetWatch.open(await service.url());
    await followUntil(() => target.lately(3, (offRad) => offRad < 0.2));
    await act();
    await page.locator("#follow[aria-pressed=false]").waitFor();
    await untilRest();
    await untilSetpointsRest();
    expect(await page.locator("#follow").getAttribute("aria-pressed")).toBe("false");
  });

  it("follows no more once control is taken away, and says why it cannot", async () => {
    await using other = await connectOther(service);
    using target = await TargetWatch.open(await service.url());
    await followUntil(() => target.lately(3, (offRad) => offRad < 0.2));
    const lease = await other.client.take("mount0");
    await page.locator("#follow[aria-pressed=false][aria-disabled=true]").waitFor();
    await untilSetpointsRest();
    await page.locator("#follow").press("Enter");
    expect(await page.locator("#notice").textContent()).toContain("Take control first");
    await lease.return();
    await takeControl(page);
  });

  it("had no error on the way", () => {
    expect(watched.problems).toEqual([]);
  });
});

/** A point of the picture, right and down 0..1. */
interface PicturePoint {
  readonly x: number;
  readonly y: number;
}

/** To the right and down of the optical axis, rad. */
function bearingOf({ x, y }: PicturePoint): { readonly right: number; readonly down: number } {
  const half = Math.tan(mount.camera.verticalFovRad / 2);
  return {
    right: Math.atan((2 * x - 1) * half * pictureAspect),
    down: Math.atan((2 * y - 1) * half),
  };
}

/** How far from the middle of the next picture the model expects its target. */
class TargetWatch implements Disposable {
  readonly #stream: StreamClient;
  readonly #offsRad: (number | undefined)[] = [];

  private constructor(stream: StreamClient) {
    this.#stream = stream;
    stream.on("prediction", ({ target }) => {
      const [right = 0, down = 0] = target?.meanRad.data ?? [];
      const isSeen = (target?.visibility?.data[0] ?? 0) >= 0.5;
      this.#offsRad.push(isSeen ? Math.hypot(right, down) : undefined);
    });
  }

  static async open(url: string): Promise<TargetWatch> {
    const stream = connectStream(url, [{ topic: "prediction" }], { WebSocket });
    const watch = new TargetWatch(stream);
    await expect.poll(() => watch.#offsRad.length, { timeout: 10_000 }).toBeGreaterThan(0);
    return watch;
  }

  get isSeen(): boolean {
    return this.#offsRad.at(-1) !== undefined;
  }

  get offRad(): number {
    return this.#offsRad.at(-1) ?? Number.NaN;
  }

  /** Each of the newest predictions sees it, and is as wanted. */
  lately(count: number, isWanted: (offRad: number) => boolean): boolean {
    const newest = this.#offsRad.slice(-count);
    return newest.length === count && newest.every((off) => off !== undefined && isWanted(off));
  }

  [Symbol.dispose](): void {
    this.#stream.close();
  }
}

/** Another client of the service, which may take control away. */
async function connectOther(
  service: ServiceProcess,
): Promise<AsyncDisposable & { readonly client: ControlClient }> {
  const options = { role: "supervisor", client: "another", WebSocket } as const;
  const client = await connectControl(await service.url(), options);
  return {
    client,
    [Symbol.asyncDispose]() {
      client.close();
      return Promise.resolve();
    },
  };
}

async function tapPicture(page: Page, { x, y }: PicturePoint): Promise<void> {
  const box = (await page.locator("#camera").boundingBox())!;
  await page.mouse.click(box.x + x * box.width, box.y + y * box.height);
}

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
