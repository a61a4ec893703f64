import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { until } from "../fakes/control-rig.ts";
import type { SyntheticBackend } from "../fakes/synthetic-backend.ts";

export const desk: BrowserContextOptions = { viewport: { width: 1440, height: 900 } };
export const phone: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  hasTouch: true,
  isMobile: true,
};

/** A page, and everything that went wrong in it. */
export interface WatchedPage {
  readonly page: Page;
  /** Errors of scripts and of the content policy, and requests to other hosts. */
  readonly problems: string[];
}

/** Opens the control page as a person would, in a browser profile of its own. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = desk,
): Promise<WatchedPage> {
  const context = await browser.newContext({ colorScheme: "dark", ...options });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("pageerror", ({ message }) => problems.push(message));
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(message.text());
  });
  page.on("request", (request) => {
    const { hostname } = new URL(request.url());
    if (hostname !== "127.0.0.1" && hostname !== "") problems.push(`asks ${request.url()}`);
  });
  await page.goto(url);
  await connected(page);
  return { page, problems };
}

export async function connected(page: Page): Promise<void> {
  await page.locator("#connection", { hasText: /link [\d.]+ ms/ }).waitFor();
}

export async function takeControl(page: Page): Promise<void> {
  await page.locator("#take").click();
  await inControl(page);
}

export async function inControl(page: Page): Promise<void> {
  await page.locator("#owner", { hasText: "You are in control" }).waitFor();
}

/** The canvas has been drawn into. */
export async function untilPainted(page: Page, selector: string): Promise<void> {
  await page.waitForFunction((css) => {
    const canvas = document.querySelector(css);
    if (!(canvas instanceof HTMLCanvasElement) || canvas.width === 0) return false;
    const data = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data;
    return data?.some((value, i) => i % 4 === 3 && value > 0) ?? false;
  }, selector);
}

/**
 * The setpoints rest soon: what was held has been let go of or has expired. Without that an axis would
 * rest only at its limit, seconds and radians later.
 */
export async function untilStill(backend: SyntheticBackend): Promise<void> {
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
  const most = Math.max(...travelled);
  if (most > 0.6) throw new Error(`an axis went on for ${most.toFixed(2)} rad`);
}

export interface Finding {
  readonly id: string;
  readonly impact: string;
  readonly where: string;
}

const axeSource = readFileSync(
  createRequire(import.meta.url).resolve("axe-core/axe.min.js"),
  "utf8",
);

/** What axe-core finds serious or critical on the page as it is now. */
export async function seriousFindings(page: Page): Promise<readonly Finding[]> {
  // As the browser's own tools would: the page's policy lets no script in from outside.
  await page.evaluate(axeSource);
  return await page.evaluate(async () => {
    const axe = (
      globalThis as unknown as {
        axe: {
          run(): Promise<{
            violations: {
              id: string;
              impact: string;
              nodes: { target: unknown[]; failureSummary: string }[];
            }[];
          }>;
        };
      }
    ).axe;
    const { violations } = await axe.run();
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, impact, nodes }) => ({
        id,
        impact,
        where: nodes
          .map(({ target, failureSummary }) => `${String(target)}: ${failureSummary}`)
          .join("; "),
      }));
  });
}
