import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openControlRig, until, type ControlRig } from "../fakes/control-rig.ts";
import { describeChromium } from "./describe-chromium.ts";

// The example as somebody else's page: a server of its own, another origin than the bridge.

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const types: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
};

function fileOf(path: string): string {
  if (path.startsWith("/client/")) return at(`dist/bridge${path}`);
  const vendor = "/vendor/msgpack/";
  if (path.startsWith(vendor)) {
    return at(`node_modules/@msgpack/msgpack/dist.esm/${path.slice(vendor.length)}`);
  }
  if (path === "/drive.js") return at("dist/bridge/client/examples/web/drive.js");
  return at("bridge/client/examples/web/index.html");
}

describeChromium("the example for the web in Chromium", (launch) => {
  let files: Server;
  let rig: ControlRig;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    files = createServer((request, response) => {
      const file = fileOf(request.url?.split("?", 1)[0] ?? "/");
      readFile(file).then(
        (body) => {
          response.setHeader("Content-Type", types[extname(file)] ?? "text/plain");
          response.end(body);
        },
        () => {
          response.statusCode = 404;
          response.end();
        },
      );
    });
    await new Promise<void>((resolve) => files.listen(0, "127.0.0.1", resolve));
    const origin = `http://127.0.0.1:${(files.address() as AddressInfo).port}`;
    rig = await openControlRig({ allowedOrigins: [origin] });
    browser = await launch();
    page = await browser.newPage();
    await page.goto(`${origin}/?bridge=${encodeURIComponent(rig.server.url)}`);
  });
  afterAll(async () => {
    await browser.close();
    files.close();
    await rig[Symbol.asyncDispose]();
  });

  it("takes control, moves while held, and stops when let go", async () => {
    await page.locator("#status", { hasText: "nobody" }).waitFor();
    await page.locator("#take").click();
    await page.locator("#status", { hasText: "web example" }).waitFor();
    await page.locator("#left").hover();
    await page.mouse.down();
    await until(() => rig.actuation.sent.length >= 3, "the velocity, said again");
    await page.mouse.up();
    const isZero = (): boolean => {
      const last = rig.actuation.sent.at(-1);
      return last?.kind === "velocity" && last.velRadPerS[1] === 0;
    };
    await until(isZero, "one zero");
    expect(rig.actuation.sent.filter(({ kind }) => kind !== "velocity")).toEqual([]);
  });
});
