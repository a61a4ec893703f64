import { existsSync } from "node:fs";
import process from "node:process";
import { chromium, type Browser } from "playwright-core";
import { describePeer } from "../peers/describe-peer.ts";

const executablePath = process.env["KAIROS_CHROMIUM"] ?? "/usr/bin/chromium";

// No GPU, and none of the background requests by which Chromium would look for the internet.
const args = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A suite that needs a browser; skipped by name where there is none, as for any other peer. */
export function describeChromium(
  title: string,
  suite: (launch: () => Promise<Browser>) => void,
): void {
  const launch = async (): Promise<Browser> => await chromium.launch({ executablePath, args });
  const peer = existsSync(executablePath)
    ? { programs: launch }
    : { missing: `${executablePath} (Debian chromium) is not installed` };
  describePeer(title, peer, suite);
}
