import type { Clock } from "../../bridge/contract/clock.ts";
import { stampNs } from "../../bridge/contract/units.ts";

/** A clock that stands until a test moves it. */
export class ManualClock implements Clock {
  nowMs = 1000;
  monotonicMs = (): number => this.nowMs;
  stampNsAt = (timeMs: number): ReturnType<typeof stampNs> =>
    stampNs(BigInt(Math.round(timeMs * 1e6)));
}
