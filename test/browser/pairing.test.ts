import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ServiceProcess } from "../setup/service-process.ts";
import { describeChromium } from "./describe-chromium.ts";
import { connected, desk, phone, seriousFindings, takeControl } from "./page-rig.ts";

describeChromium("pairing in Chromium", (launch) => {
  let folder: string;
  let service: ServiceProcess;
  let url: string;
  let browser: Browser;
  let supervisor: Page;
  let visitor: Page;
  const environment = (): Record<string, string> => ({
    KAIROS_ROS_TRANSPORT: "off",
    KAIROS_SECURITY_AUTH: "paired",
    KAIROS_SECURITY_FOLDER: folder,
  });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "kairos-pairing-"));
    service = ServiceProcess.start({ environment: environment() });
    url = await service.url();
    browser = await launch();
  });
  afterAll(async () => {
    await browser.close();
    await service[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  it("lets nobody in without a pairing, and says what to do", async () => {
    const context = await browser.newContext(phone);
    visitor = await context.newPage();
    await visitor.goto(url);
    await visitor.locator("#pairing").waitFor();
    expect(await visitor.locator("#pairing-words").textContent()).toContain("Ask a supervisor");
    expect(await seriousFindings(visitor)).toEqual([]);
    await visitor.locator("#pairing-code").fill("AAAA-AAAA");
    await visitor.locator("#pairing-name").fill("a guesser");
    await visitor.locator("#pairing-go").tap();
    await visitor.locator("#pairing-notice", { hasText: "The code is wrong" }).waitFor();
  });

  it("pairs a first supervisor by the link the command line shows", async () => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["dist/bridge/cli/main.js", "pair", "--role", "supervisor"],
      { env: { ...process.env, ...environment() } },
    );
    const link = /https?:\/\/\S+#pair=\S+/.exec(stdout)![0];
    supervisor = await (await browser.newContext(desk)).newPage();
    await supervisor.goto(link);
    await supervisor.locator("#pairing-words", { hasText: "supervisor" }).waitFor();
    await supervisor.locator("#pairing-name").fill("the desk");
    await supervisor.locator("#pairing-go").click();
    await connected(supervisor);
    expect(supervisor.url()).not.toContain("pair=");
    await takeControl(supervisor);
  });

  it("shows a code, by which a phone becomes a controller and drives", async () => {
    await supervisor.locator("#tab-people").click();
    await supervisor.locator("#offer-role").selectOption("controller");
    await supervisor.locator("#offer-form button").click();
    await supervisor.locator("#offer-code").waitFor();
    // The picture has loaded: the policy lets data: images in.
    await supervisor.waitForFunction(
      () => document.querySelector<HTMLImageElement>("#offer-code")!.naturalWidth > 0,
    );
    expect(await seriousFindings(supervisor)).toEqual([]);
    const code = (await supervisor.locator("#offer-text").textContent())!;
    await visitor.locator("#pairing-code").fill(code.toLowerCase());
    await visitor.locator("#pairing-name").fill("Anna's phone");
    await visitor.locator("#pairing-go").tap();
    await connected(visitor);
    await visitor.locator("#owner", { hasText: "the desk is in control" }).waitFor();
    await supervisor.locator("#release").click();
    await takeControl(visitor);
    await supervisor.locator("#owner", { hasText: "Anna's phone is in control" }).waitFor();
  });

  it("keeps the pairing in the browser: a reload asks for nothing", async () => {
    await visitor.reload();
    await connected(visitor);
    expect(await visitor.locator("#pairing").isVisible()).toBe(false);
  });

  it("shuts the phone out from the supervisor's list, at once", async () => {
    const row = supervisor.locator("#clients li", { hasText: "Anna's phone" });
    await row.locator("button").click();
    await row.locator("button", { hasText: "Really?" }).click();
    await row.filter({ hasText: "shut out" }).waitFor();
    await visitor.locator("#lost", { hasText: "Connection lost" }).waitFor();
    await visitor.locator("#lost", { hasText: /shut out|revoked/ }).waitFor();
  });
});
