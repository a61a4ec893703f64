import { WebSocket } from "ws";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { connectControl, type ControlClient } from "../../bridge/client/index.ts";
import { DriverLink } from "../../bridge/contract/actuator-driver.ts";
import { until } from "../fakes/control-rig.ts";
import { openDeviceRig, type DeviceRig } from "../fakes/device-rig.ts";
import { describeChromium } from "./describe-chromium.ts";

describeChromium("the agent page in Chromium", (launch) => {
  let rig: DeviceRig;
  let browser: Browser;
  let page: Page;
  let control: ControlClient;
  const problems: string[] = [];

  beforeAll(async () => {
    rig = await openDeviceRig();
    browser = await launch();
    page = await browser.newPage({ viewport: { width: 390, height: 844 } });
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") problems.push(message.text());
    });
    await page.goto(`${rig.server.url}/agent`);
    control = await connectControl(rig.server.url, {
      role: "controller",
      client: "test",
      WebSocket,
    });
  });
  afterAll(async () => {
    control.close();
    await browser.close();
    await rig[Symbol.asyncDispose]();
  });

  const link = (): DriverLink | undefined => rig.agents.status()[0]?.link;
  const yawShown = async (): Promise<number> =>
    Number.parseFloat((await page.locator("#joint-yaw").textContent()) ?? "");

  it("offers a drawn mount that follows a client", async () => {
    await page.locator("#offer").click();
    await until(() => link() === DriverLink.Up, "the offer");
    await until(() => control.state("mount0")?.mode === "active", "active");
    const lease = await control.acquire("mount0");
    expect((await lease.position({ yaw: 0.5 })).result).toBe("completed");
    await expect.poll(yawShown).toBeCloseTo(28.6, 0);
    expect((rig.posRad()[1] ?? 0) * (180 / Math.PI)).toBeCloseTo(28.6, 0);
    await lease.return();
    const picture = process.env["KAIROS_PICTURES"];
    if (picture !== undefined) await page.screenshot({ path: `${picture}/agent-page.png` });
  });

  it("lets the person at the device stop it", async () => {
    await page.locator("#hold").dispatchEvent("pointerdown");
    await until(() => link() === DriverLink.Fault, "the fault");
    expect(rig.agents.status()[0]?.reason).toContain("held by the person");
    await page.locator("#hold").dispatchEvent("pointerdown");
    await until(() => link() === DriverLink.Up, "let go");
  });

  it("takes its offer back, and offers the phone itself", async () => {
    await page.locator("#offer").click();
    await until(() => link() === DriverLink.Lost, "the end of the offer");
    const session = await page.context().newCDPSession(page);
    const turn = async (alpha: number): Promise<void> => {
      await session.send("DeviceOrientation.setDeviceOrientationOverride", {
        alpha,
        beta: 90,
        gamma: 0,
      });
    };
    await turn(10);
    await page.locator("input[value=orientation]").check();
    await page.locator("#offer").click();
    await until(() => rig.agents.status()[0]?.client === "phone in the hand", "the phone's offer");
    for (let alpha = 10; alpha <= 40; alpha += 2) {
      await turn(alpha);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await until(() => (rig.posRad()[1] ?? 0) > 0.4, "the phone's turn as telemetry");
    expect(link()).toBe(DriverLink.Up);
  });

  it("has said nothing on the console", () => {
    expect(problems).toEqual([]);
  });
});
