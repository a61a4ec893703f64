import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  StopLatch,
  stopStates,
  type StopEvent,
  type StopState,
} from "../../../bridge/core/stop-latch.ts";

const wayTo: Readonly<Record<StopState, readonly StopEvent[]>> = {
  armed: [],
  stopping: ["press"],
  latched: ["press", "at-rest"],
  "reset-requested": ["press", "at-rest", "reset"],
  ready: ["press", "at-rest", "reset", "released"],
};

function latchIn(state: StopState): StopLatch {
  const latch = new StopLatch();
  for (const event of wayTo[state]) latch.note(event);
  expect(latch.state).toBe(state);
  return latch;
}

describe("every state and event of the emergency stop", () => {
  const events: readonly StopEvent[] = ["press", "at-rest", "reset", "released", "command"];
  //                    press       at-rest            reset              released    command
  const table: Readonly<Record<StopState, readonly StopState[]>> = {
    armed: ["stopping", "latched", "armed", "armed", "armed"],
    stopping: ["stopping", "latched", "stopping", "stopping", "stopping"],
    latched: ["latched", "latched", "reset-requested", "latched", "latched"],
    "reset-requested": [
      "latched",
      "reset-requested",
      "reset-requested",
      "ready",
      "reset-requested",
    ],
    ready: ["stopping", "latched", "ready", "ready", "armed"],
  };
  const cases = stopStates.flatMap((state) =>
    events.map((event, index) => ({ state, event, next: table[state][index] ?? "armed" })),
  );

  it.each(cases)("$state, $event: $next", ({ state, event, next }) => {
    const latch = latchIn(state);
    latch.note(event);
    expect(latch.state).toBe(next);
  });

  it.each(stopStates)("%s lets commands through only armed and ready", (state) => {
    expect(latchIn(state).isLatched).toBe(!["armed", "ready"].includes(state));
  });
});

/**
 * PLCopen Safety Part 1, SF_EmergencyStop, with S_StartReset TRUE (nothing to reset at start) and
 * S_AutoReset FALSE: DiagCodes and transitions of its state diagram.
 */
class SafeEmergencyStop {
  diagCode = 0x8000;
  #lastReset = false;

  /** One cycle. @returns S_EStopOut. */
  cycle(inputs: { readonly estopIn: boolean; readonly reset: boolean }): boolean {
    const { estopIn, reset } = inputs;
    const risingReset = reset && !this.#lastReset;
    this.#lastReset = reset;
    switch (this.diagCode) {
      case 0x8000:
        if (!estopIn) this.diagCode = reset ? 0xc002 : 0x8004;
        break;
      case 0x8004: // Wait for S_EStopIn 2
        if (reset) this.diagCode = 0xc002;
        else if (estopIn) this.diagCode = 0x8005;
        break;
      case 0xc002: // Reset error 2: a static Reset
        if (!reset) this.diagCode = 0x8004;
        break;
      case 0x8005: // Wait for Reset 2
        if (!estopIn) this.diagCode = 0x8004;
        else if (risingReset) this.diagCode = 0x8000;
        break;
      default:
        throw new Error(`no state ${this.diagCode.toString(16)}`);
    }
    return this.diagCode === 0x8000;
  }
}

describe("against PLCopen's SF_EmergencyStop", () => {
  it("enables and disables its output in the same cycles, for any inputs", () => {
    const inputs = fc.array(fc.constantFrom("press", "at-rest", "reset", "idle"), {
      maxLength: 60,
    });
    let enabledAgain = 0;
    fc.assert(
      fc.property(inputs, (steps) => {
        const ours = new StopLatch();
        const theirs = new SafeEmergencyStop();
        // S_EStopIn is FALSE from the press until the device is at rest.
        let estopIn = true;
        for (const step of steps) {
          if (step === "press") {
            estopIn = ours.state === "latched" || ours.state === "reset-requested";
            ours.note("press");
          }
          if (step === "at-rest" && !estopIn) {
            estopIn = true;
            ours.note("at-rest");
          }
          if (step === "reset") {
            const before = ours.state;
            ours.note("reset");
            // A device that follows at once.
            ours.note("released");
            if (before === "latched") enabledAgain += 1;
          }
          let out = theirs.cycle({ estopIn, reset: step === "reset" });
          // Reset is a button: it comes up again before anything else happens.
          if (step === "reset") out = theirs.cycle({ estopIn, reset: false });
          if (theirs.diagCode === 0x8004) out = theirs.cycle({ estopIn, reset: false });
          expect(out, `${steps.join(" ")} at ${step}`).toBe(!ours.isLatched);
        }
      }),
      { numRuns: 500, seed: 61_496 },
    );
    expect(enabledAgain).toBeGreaterThan(50);
  });

  it("never starts by itself: without a reset it stays as it is, whatever the device reports", () => {
    const reports = fc.array(fc.constantFrom<StopEvent>("press", "at-rest", "released", "command"));
    fc.assert(
      fc.property(reports, (events) => {
        const latch = latchIn("latched");
        for (const event of events) latch.note(event);
        expect(latch.state).toBe("latched");
      }),
      { numRuns: 200, seed: 13_850 },
    );
  });
});
