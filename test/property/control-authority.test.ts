import fc from "fast-check";
import { expect, it } from "vitest";
import type { Lease } from "../../bridge/core/authority-lease.ts";
import type { AuthorityEffect, LeaseOutcome } from "../../bridge/core/authority-outcome.ts";
import { Authority } from "../../bridge/core/authority.ts";

const device = "mount0";
const sessions = ["a", "b", "s"] as const;

type Step =
  | {
      readonly kind: "acquire" | "take" | "retain" | "return" | "command" | "checkin" | "hold";
      readonly by: (typeof sessions)[number];
    }
  | { readonly kind: "drop" | "rejoin"; readonly by: (typeof sessions)[number] }
  | { readonly kind: "estop" | "reset" | "unlatched" }
  | { readonly kind: "wait"; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constantFrom("acquire", "take", "retain", "return", "command", "checkin", "hold"),
      by: fc.constantFrom(...sessions),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom("drop", "rejoin"),
      by: fc.constantFrom(...sessions),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("estop", "reset", "unlatched") }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("wait"), ms: fc.integer({ min: 1, max: 4000 }) }),
  },
);

/** Drives the machine with what sessions remember, as real clients would. */
class World {
  readonly authority = new Authority({ epoch: "e", resources: [device] });
  readonly leases = new Map<string, Lease>();
  readonly granted: { readonly by: string; readonly sequence: number }[] = [];
  nowMs = 0;
  seq = 0;

  constructor() {
    for (const by of sessions) this.join(by);
  }

  join(by: string): void {
    const role = by === "s" ? "supervisor" : "controller";
    this.authority.openSession({ id: by, role, client: by }, this.nowMs);
  }

  note(by: string, outcome: LeaseOutcome): readonly AuthorityEffect[] {
    if (!outcome.ok) return [];
    this.leases.set(by, outcome.lease);
    this.granted.push({ by, sequence: outcome.lease.sequence });
    return outcome.effects;
  }

  accepted(by: string): boolean {
    const lease = this.leases.get(by);
    if (lease === undefined) return false;
    this.seq += 1;
    const claim = { sessionId: by, resource: device, lease, sequence: this.seq };
    return this.authority.judge(claim).ok;
  }

  run(step: Step): readonly AuthorityEffect[] {
    const { authority } = this;
    switch (step.kind) {
      case "acquire":
        return this.note(step.by, authority.acquire(step.by, device));
      case "take":
        return this.note(step.by, authority.take(step.by, device));
      case "retain":
      case "return": {
        const lease = this.leases.get(step.by);
        if (lease === undefined) return [];
        const outcome =
          step.kind === "retain"
            ? authority.retain(step.by, lease, this.nowMs)
            : authority.giveBack(step.by, lease);
        return outcome.ok ? outcome.effects : [];
      }
      case "command":
        this.accepted(step.by);
        return [];
      case "checkin":
        authority.checkIn(step.by, this.nowMs);
        return [];
      case "hold":
        return authority.hold(step.by, device, "hold");
      case "drop":
        return authority.closeSession(step.by, "dropped");
      case "rejoin": {
        const effects = authority.closeSession(step.by, "rejoins");
        this.join(step.by);
        return effects;
      }
      case "estop":
        return authority.estop(device, "estop");
      case "reset":
        authority.requestReset("s", device);
        return [];
      case "unlatched":
        return authority.noteLatched(device, false);
      case "wait":
        this.nowMs += step.ms;
        return authority.tick(this.nowMs);
      default:
        return step satisfies never;
    }
  }
}

const runs = { numRuns: 400, seed: 20_260, endOnFailure: true };

it("never lets two sessions move the device, whatever happens", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const world = new World();
      for (const one of steps) {
        world.run(one);
        const able = sessions.filter((by) => world.accepted(by));
        expect(able.length).toBeLessThanOrEqual(1);
        if (able.length === 1) {
          expect(world.authority.leaseState(device)?.owner?.sessionId).toBe(able[0]);
          expect(world.authority.isLatched(device)).toBe(false);
        }
      }
    }),
    runs,
  );
});

it("issues sequences that only rise, one per grant", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const world = new World();
      for (const one of steps) world.run(one);
      const sequences = world.granted.map(({ sequence }) => sequence);
      expect(sequences).toEqual(sequences.map((_, i) => i + 1));
    }),
    runs,
  );
});

it("stops the device whenever the one who could move it no longer can, but for a stop of its own", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const world = new World();
      for (const one of steps) {
        const before = sessions.find((by) => world.accepted(by));
        const effects = world.run(one);
        const after = sessions.find((by) => world.accepted(by));
        if (before === undefined || before === after) continue;
        // Whoever asks for a stop has told the device already.
        if (one.kind === "estop" || one.kind === "hold") continue;
        expect(effects.some(({ kind }) => kind === "stop")).toBe(true);
      }
    }),
    runs,
  );
});
