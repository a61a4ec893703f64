import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { chromium, type Browser, type BrowserContextOptions } from "playwright-core";
import { ServiceProcess } from "../setup/service-process.ts";

/** Draws the pictures of bridge/web/README.md from a running service: `npm run draw:page`. */
const args = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"];

interface Shot {
  readonly file: string;
  readonly view: "split" | "ghost";
  readonly options: BrowserContextOptions;
}

const shots: readonly Shot[] = [
  {
    file: "bridge/web/control-page.png",
    view: "split",
    options: { viewport: { width: 1440, height: 900 }, colorScheme: "dark" },
  },
  {
    file: "bridge/web/control-page-phone.png",
    view: "ghost",
    options: {
      viewport: { width: 390, height: 844 },
      deviceScaleFactor: 2,
      hasTouch: true,
      isMobile: true,
      colorScheme: "light",
    },
  },
];

async function draw(browser: Browser, url: string, { file, view, options }: Shot): Promise<void> {
  const page = await (await browser.newContext(options)).newPage();
  await page.goto(url);
  await page.locator("#take").click();
  await page.locator("#release").waitFor();
  await page.locator(`#view-${view}`).click();
  // There and back, so that the score has something to judge and the target is in the picture.
  await page.locator("#speed").fill("30");
  for (const [key, ms] of [
    ["ArrowRight", 1500],
    ["ArrowLeft", 1500],
    ["ArrowRight", 900],
  ] as const) {
    await page.evaluate(() => {
      (document.activeElement as HTMLElement | null)?.blur();
    });
    await page.keyboard.down(key);
    await page.waitForTimeout(ms);
    if (key === "ArrowRight" && ms === 900) await page.screenshot({ path: file });
    await page.keyboard.up(key);
  }
  await page.locator("#action-home").click();
  await page.waitForTimeout(1500);
  await page.locator("#release").click();
  await page.context().close();
}

const folder = await mkdtemp(join(tmpdir(), "kairos-page-"));
const service = ServiceProcess.start({
  environment: { KAIROS_ROS_TRANSPORT: "off", KAIROS_SECURITY_FOLDER: folder },
});
const executablePath = process.env["KAIROS_CHROMIUM"] ?? "/usr/bin/chromium";
const browser = await chromium.launch({ executablePath, args });
const url = await service.url();
for (const shot of shots) await draw(browser, url, shot);
await browser.close();
await service[Symbol.asyncDispose]();
await rm(folder, { recursive: true });
