import { appendFile, cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  builtSite,
  openSyntheticBackend,
  type SyntheticBackend,
} from "../fakes/synthetic-backend.ts";
import { until } from "../fakes/control-rig.ts";
import { describeChromium } from "./describe-chromium.ts";
import {
  connected,
  desk,
  openPage,
  phone,
  seriousFindings,
  takeControl,
  untilPainted,
  type Finding,
} from "./page-rig.ts";

describeChromium("every state of the page in Chromium", (launch) => {
  let backend: SyntheticBackend;
  let browser: Browser;

  beforeAll(async () => {
    backend = await openSyntheticBackend();
    browser = await launch();
  });
  afterAll(async () => {
    await browser.close();
    await backend[Symbol.asyncDispose]();
  });

  it.each<[string, BrowserContextOptions]>([
    ["at a desk, light", { ...desk, colorScheme: "light" }],
    ["at a desk, dark", { ...desk, colorScheme: "dark" }],
    ["on a phone, light", { ...phone, colorScheme: "light" }],
    ["on a phone, dark", { ...phone, colorScheme: "dark" }],
  ])(
    "is accessible %s: axe finds nothing serious or critical",
    async (_name, options) => {
      const { page } = await openPage(browser, backend.server.url, options);
      await untilPainted(page, "#overlay");
      const found: Record<string, readonly Finding[]> = {};
      for (const [state, enter] of states) {
        await enter(page);
        const findings = await seriousFindings(page);
        if (findings.length > 0) found[state] = findings;
      }
      expect(found).toEqual({});
      await page.context().close();
    },
    90_000,
  );

  it("goes through its themes by one button, and keeps the choice", async () => {
    const { page } = await openPage(browser, backend.server.url, { ...desk, colorScheme: "light" });
    const ground = async (): Promise<string> =>
      await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const light = await ground();
    await page.locator("#theme").click();
    expect(await ground()).toBe(light);
    await page.locator("#theme").click();
    const dark = await ground();
    expect(dark).not.toBe(light);
    await page.reload();
    await connected(page);
    expect(await ground()).toBe(dark);
    await page.context().close();
  });

  it("moves no slower for those who want reduced motion, and animates nothing", async () => {
    const { page } = await openPage(browser, backend.server.url, {
      ...desk,
      reducedMotion: "reduce",
    });
    expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
    await page.context().close();
  });
});

/** What a person meets, each entered from the one before. */
const states: readonly (readonly [string, (page: Page) => Promise<void>])[] = [
  ["idle", connected],
  ["in control", takeControl],
  [
    "ghost",
    async (page) => {
      await page.locator("#view-ghost").click();
    },
  ],
  [
    "both",
    async (page) => {
      await page.locator("#view-split").click();
    },
  ],
  ...["model", "link", "people", "events"].map(
    (panel) =>
      [
        panel,
        async (page: Page) => {
          await page.locator(`#tab-${panel}`).click();
        },
      ] as const,
  ),
  [
    "joints",
    async (page) => {
      const tab = page.locator("#tab-joints");
      if (await tab.isVisible()) await tab.click();
    },
  ],
  [
    "help",
    async (page) => {
      await page.locator("#help-open").click();
      await page.locator("#help").waitFor();
    },
  ],
  [
    "latched",
    async (page) => {
      await page.locator("#help-close").click();
      await page.locator("#estop").click();
      await page.locator("#latched").waitFor();
    },
  ],
  [
    "reset asked",
    async (page) => {
      await page.locator("#reset").click();
      await page.locator("#reset-confirm").waitFor();
    },
  ],
  [
    "reset",
    async (page) => {
      await page.locator("#reset-confirm").click();
      await page.locator("#latched").waitFor({ state: "hidden" });
    },
  ],
];

describe("when things end", () => {
  describeChromium("the page in Chromium", (launch) => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await launch();
    });
    afterAll(async () => {
      await browser.close();
    });

    it("comes back after a restart of the server, without motion and without control", async () => {
      const first = await openSyntheticBackend();
      const port = Number(new URL(first.server.url).port);
      const { page } = await openPage(browser, first.server.url);
      await takeControl(page);
      await page.locator("#stick").focus();
      await page.keyboard.down("ArrowLeft");
      const before = first.joints.setpointRad[1]!;
      await until(() => first.joints.setpointRad[1]! > before + 0.05, "yaw to the left");
      await first[Symbol.asyncDispose]();
      await page.locator("#lost", { hasText: "The device has been stopped" }).waitFor();
      expect(await seriousFindings(page)).toEqual([]);
      const second = await openSyntheticBackend({ port });
      const rest = [...second.joints.setpointRad];
      await page.locator("#lost").waitFor({ state: "hidden" });
      await connected(page);
      await page.locator("#owner", { hasText: "Nobody is in control" }).waitFor();
      expect(await page.locator("#outdated").isVisible()).toBe(false);
      // The key is still down: nothing of before goes on.
      await page.keyboard.down("ArrowLeft");
      await page.waitForTimeout(300);
      expect(second.joints.setpointRad).toEqual(rest);
      expect(await page.locator("#take").isEnabled()).toBe(true);
      await page.keyboard.up("ArrowLeft");
      await page.context().close();
      await second[Symbol.asyncDispose]();
    });

    it("says in the picture what is wrong with the service, and takes it back when it is over", async () => {
      await using backend = await openSyntheticBackend();
      const { page } = await openPage(browser, backend.server.url, phone);
      const banner = page.locator("#unwell");
      await page.locator("#health[data-tone=good]").waitFor({ state: "attached" });
      expect(await banner.isVisible()).toBe(false);
      backend.report(["no recent prediction", "the world model is being restarted"]);
      await banner
        .filter({ hasText: "No recent prediction. The world model is being restarted." })
        .waitFor();
      expect(await seriousFindings(page)).toEqual([]);
      // It lies over the picture, and over nothing that stops or moves.
      const [below, picture] = [
        (await banner.boundingBox())!,
        (await page.locator(".pictures").boundingBox())!,
      ];
      expect(below.y + below.height).toBeLessThanOrEqual(picture.y + picture.height + 1);
      backend.report([]);
      await banner.waitFor({ state: "hidden" });
      await page.context().close();
    });

    it("says that the server has a newer page after a restart with another one, and loads it", async () => {
      const newer = await mkdtemp(join(tmpdir(), "kairos-newer-page-"));
      const site = builtSite();
      await cp(site.page, newer, { recursive: true });
      await appendFile(join(newer, "tokens.css"), "/* newer */\n");
      const first = await openSyntheticBackend();
      const port = Number(new URL(first.server.url).port);
      const { page } = await openPage(browser, first.server.url);
      // The page knows its own version from the first connection on.
      await page.waitForLoadState("networkidle");
      await first[Symbol.asyncDispose]();
      await page.locator("#lost").waitFor();
      const second = await openSyntheticBackend({ port, site: { ...site, page: newer } });
      await page.locator("#outdated", { hasText: "The server has a newer page." }).waitFor();
      expect(await seriousFindings(page)).toEqual([]);
      await page.locator("#reload").click();
      await connected(page);
      await page.waitForLoadState("networkidle");
      expect(await page.locator("#outdated").isVisible()).toBe(false);
      await page.context().close();
      await second[Symbol.asyncDispose]();
      await rm(newer, { recursive: true });
    });

    it("follows nothing that is not in the picture, and says so", async () => {
      await using backend = await openSyntheticBackend({ targetVisibility: 0.2 });
      const { page } = await openPage(browser, backend.server.url);
      const follow = page.locator("#follow");
      await page.locator("#follow[aria-disabled=true][title^='You are not in control']").waitFor();
      await takeControl(page);
      await page.locator("#follow[title^='There is no target in the picture']").waitFor();
      await follow.press("Enter");
      await page.locator("#notice", { hasText: "There is no target in the picture" }).waitFor();
      expect(await follow.getAttribute("aria-pressed")).toBe("false");
      await page.context().close();
    });

    it("switches following off when the server refuses it, and says why", async () => {
      await using backend = await openSyntheticBackend();
      const { page } = await openPage(browser, backend.server.url);
      await takeControl(page);
      await page.locator("#follow[aria-disabled=false]").waitFor();
      await page.keyboard.press("l");
      // Nobody there knows how to aim.
      await page.locator("#notice", { hasText: "Following ended." }).waitFor();
      await page.locator("#follow[aria-pressed=false]").waitFor();
      expect(await page.locator("#notice").textContent()).toMatch(/aim|joint|kinematic|reach/i);
      await page.context().close();
    });

    it("says what is missing: no picture, no prediction, no news", async () => {
      const silent = await openSyntheticBackend({ cameraPeriodMs: 3_600_000 });
      const { page } = await openPage(browser, silent.server.url);
      await page.locator(".live .empty", { hasText: "No picture from the camera" }).waitFor();
      await page.locator(".predicted .empty", { hasText: "No predicted picture" }).waitFor();
      expect(await seriousFindings(page)).toEqual([]);
      await page.context().close();
      await silent[Symbol.asyncDispose]();
    });
  });
});
