import { linkSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import process from "node:process";
import { threadId } from "node:worker_threads";

/**
 * Lock files in the manner of UUCP (`/run/lock/LCK..ttyUSB0` with the owner's process id, ten wide),
 * which minicom, picocom, socat and pppd look at too. The kernel's own way, TIOCEXCL, needs an ioctl
 * and would make libuv's second open of the terminal fail.
 */
const lockFolder = "/run/lock";

export interface PortLock {
  release(): void;
}

/** @returns the lock, or the process that has it. Where no lock can be written the port goes unlocked. */
export function lockPort(realPath: string): PortLock | { readonly heldBy: number } {
  const path = `${lockFolder}/LCK..${basename(realPath)}`;
  const own = `${path}.${process.pid}.${threadId}`;
  try {
    writeFileSync(own, `${String(process.pid).padStart(10)}\n`, { mode: 0o644 });
  } catch {
    return { release: () => undefined };
  }
  try {
    const heldBy = claim(own, path) ? undefined : ownerOf(path);
    if (heldBy !== undefined) return { heldBy };
    return {
      release: () => {
        remove(path);
      },
    };
  } finally {
    remove(own);
  }
}

/** A hard link is made by one process only. A lock whose owner has died is taken over. */
function claim(own: string, path: string): boolean {
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      linkSync(own, path);
      return true;
    } catch {
      const owner = ownerOf(path);
      if (owner !== undefined) return false;
      remove(path);
    }
  }
  return false;
}

/** The living process a lock names, if any. */
function ownerOf(path: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(path, "latin1"), 10);
    if (!Number.isInteger(pid) || pid <= 0) return undefined;
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    // Somebody else's process may not be signalled, but it lives.
    const isForeign = (error as NodeJS.ErrnoException).code === "EPERM";
    return isForeign ? Number.parseInt(readFileSync(path, "latin1"), 10) : undefined;
  }
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Gone already.
  }
}
