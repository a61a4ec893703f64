import { expect, it } from "vitest";
import { ServiceProcess } from "../setup/service-process.ts";
import { describeChromium } from "./describe-chromium.ts";
import { desk, openPage, takeControl } from "./page-rig.ts";

describeChromium("the page of a service whose model fails, in Chromium", (launch) => {
  it("says what is wrong, shows no stale expectation, and still drives", async () => {
    await using service = ServiceProcess.start({
      args: ["start", "--http-port", "0", "--fault", "model.nan@2s"],
      environment: { KAIROS_ROS_TRANSPORT: "off" },
    });
    const browser = await launch();
    const { page, problems } = await openPage(browser, await service.url(), desk);
    await page.locator("#unwell", { hasText: "No recent prediction." }).waitFor();
    await page.locator("#health", { hasText: "degraded" }).waitFor();
    await page.locator(".predicted .empty", { hasText: "No predicted picture" }).waitFor();
    await takeControl(page);
    await page.locator("#follow[title^='There is no target in the picture']").waitFor();
    // Who drives goes on seeing.
    await page.waitForFunction(() => {
      const age = /(\d+) ms old/.exec(document.querySelector("#camera-note")!.textContent);
      return age !== null && Number(age[1]) < 500;
    });
    // The lines of the last prediction are gone.
    await page.waitForFunction(() => {
      const canvas = document.querySelector<HTMLCanvasElement>("#overlay")!;
      const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
      return data.every((value) => value === 0);
    });
    await page.locator("#stick").focus();
    await page.keyboard.down("ArrowLeft");
    await page.locator("#mode", { hasText: "moving" }).waitFor();
    await page.keyboard.up("ArrowLeft");
    await page.locator("#mode", { hasText: "ready" }).waitFor();
    expect(problems).toEqual([]);
    await browser.close();
  });
});
