import type { Log } from "../contract/log.ts";
import type { SampleRing } from "../contract/sample-ring.ts";

const atRestRadPerS = 0.02;
const settleLimitMs = 500;
const settlePollMs = 10;

/**
 * The setpoints are at rest; waits, in bounded time, until the joints have followed, and says so.
 *
 * @param telemetry rows of position, velocity, effort.
 */
export async function whenAtRest(telemetry: SampleRing, log: Log): Promise<void> {
  const axisCount = telemetry.width / 3;
  const row = new Float64Array(telemetry.width);
  for (let waitedMs = 0; ; waitedMs += settlePollMs) {
    telemetry.latest(row);
    const speedRadPerS = Math.max(...row.subarray(axisCount, 2 * axisCount).map(Math.abs));
    if (speedRadPerS < atRestRadPerS) {
      log.info({ speedRadPerS: Number(speedRadPerS.toFixed(4)), waitedMs }, "device at rest");
      return;
    }
    if (waitedMs >= settleLimitMs) {
      log.warn({ speedRadPerS, waitedMs }, "device still moves after its setpoints came to rest");
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, settlePollMs));
  }
}
