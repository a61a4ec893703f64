import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const python = "/usr/bin/python3";
const program = fileURLToPath(new URL("../peers/servos/servo_bus.py", import.meta.url));

/** Whether servos can be run here; `KAIROS_REQUIRE_PEERS=1` makes a missing python3-serial a failure. */
export const hasServos =
  process.env["KAIROS_REQUIRE_PEERS"] === "1" ||
  spawnSync(python, ["-c", "import serial"]).status === 0;

/** How things stand on the bus, 50 times a second. */
export interface ServoReport {
  readonly ticks: readonly number[];
  readonly torque: readonly number[];
  readonly goalCount: number;
  readonly packetCount: number;
  /** Bus Watchdog of each: 255 once it has gone off. */
  readonly watchdog: readonly number[];
}

/** Servos in a process of their own, in Python, that move at the speed they are told. */
export class ServoProcess implements AsyncDisposable {
  newest: ServoReport | undefined;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
    if (child.stdout === null) throw new Error("the servos have no standard output");
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line !== "ready") this.newest = JSON.parse(line) as ServoReport;
    });
  }

  static async start(
    make: "dynamixel" | "feetech",
    port: string,
    ticks: readonly number[],
  ): Promise<ServoProcess> {
    const args = [program, make, port, String(ticks.length), "--moving", "--at", ticks.join()];
    const servos = new ServoProcess(spawn(python, args, { stdio: ["ignore", "pipe", "inherit"] }));
    await servos.until(() => servos.newest !== undefined, "a first report");
    return servos;
  }

  async until(isSo: (report: ServoReport) => boolean, what: string): Promise<ServoReport> {
    const deadlineMs = performance.now() + 15_000;
    for (;;) {
      const report = this.newest;
      if (report !== undefined && isSo(report)) return report;
      if (performance.now() > deadlineMs) {
        throw new Error(`the servos never came to ${what}: ${JSON.stringify(report)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Reports of the next `ms`. */
  async watch(ms: number): Promise<readonly ServoReport[]> {
    const reports: ServoReport[] = [];
    const deadlineMs = performance.now() + ms;
    while (performance.now() < deadlineMs) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      if (this.newest !== undefined) reports.push(this.newest);
    }
    return reports;
  }

  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, "exit");
    this.#child.kill(signal);
    await exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
