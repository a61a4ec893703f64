import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Whether a cable can be laid here; `KAIROS_REQUIRE_PEERS=1` makes a missing socat a failure. */
export const hasSocat =
  process.env["KAIROS_REQUIRE_PEERS"] === "1" || spawnSync("socat", ["-V"]).status === 0;

/** A null-modem cable made by socat: two terminals, each end the other's peer. */
export interface PtyPair extends AsyncDisposable {
  readonly near: string;
  readonly far: string;
  /** Both ends hang up and are gone. */
  unplug(): Promise<void>;
  /** Both ends are there again, under the same names. */
  replug(): Promise<void>;
}

export async function openPtyPair(): Promise<PtyPair> {
  const folder = await mkdtemp(join(tmpdir(), "pty-"));
  const near = join(folder, "near");
  const far = join(folder, "far");
  let socat: ChildProcess | undefined;
  const unplug = async (): Promise<void> => {
    if (socat === undefined) return;
    const gone = once(socat, "exit");
    socat.kill();
    await gone;
    socat = undefined;
  };
  const replug = async (): Promise<void> => {
    socat = spawn("socat", [`pty,rawer,link=${near}`, `pty,rawer,link=${far}`], {
      stdio: "ignore",
    });
    for (let waited = 0; !(existsSync(near) && existsSync(far)); waited += 5) {
      if (waited > 5000) throw new Error("socat made no terminals");
      await sleep(5);
    }
  };
  await replug();
  return {
    near,
    far,
    unplug,
    replug,
    [Symbol.asyncDispose]: async () => {
      await unplug();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
