import { describe, expect, it } from "vitest";
import type { Lease } from "../../../bridge/core/authority-lease.ts";
import type { AuthorityEffect } from "../../../bridge/core/authority-outcome.ts";
import { Authority } from "../../../bridge/core/authority.ts";

const device = "mount0";
const noLease: Lease = { resource: device, epoch: "e1", sequence: 999 };

/** What a row of the table begins with, and everybody who may do something about it. */
class Scene {
  readonly authority = new Authority({ epoch: "e1", resources: [device] });
  nowMs = 0;
  /** Of `own`. */
  lease: Lease = noLease;
  /** Lent to `agent`. */
  sub: Lease = noLease;

  constructor() {
    const people = {
      own: "controller",
      other: "controller",
      boss: "supervisor",
      agent: "agent",
      watcher: "viewer",
      button: "estop",
    } as const;
    for (const [id, role] of Object.entries(people)) {
      this.authority.openSession({ id, role, client: id }, 0);
    }
  }

  acquire(): this {
    const outcome = this.authority.acquire("own", device);
    if (outcome.ok) this.lease = outcome.lease;
    return this;
  }

  lend(): this {
    const share = { velocityRatio: 0.2, accelerationRatio: 0.2 };
    const outcome = this.authority.delegate("own", this.lease, { to: "agent", share });
    if (outcome.ok) this.sub = outcome.lease;
    return this;
  }

  /** All but these check in; then time passes. */
  silence(ms: number, ...silent: readonly string[]): readonly AuthorityEffect[] {
    this.nowMs += ms;
    for (const id of ["own", "other", "boss", "agent", "watcher", "button"]) {
      if (!silent.includes(id)) this.authority.checkIn(id, this.nowMs);
    }
    return this.authority.tick(this.nowMs);
  }

  get state(): string {
    const { authority } = this;
    const lease = authority.leaseState(device);
    const owner = lease?.owner?.sessionId ?? "free";
    const parts = [
      lease?.stale === true ? `${owner}, stale` : owner,
      ...(lease?.delegate === undefined ? [] : [`lent to ${lease.delegate.sessionId}`]),
      ...(authority.stopState(device) === "armed" ? [] : [authority.stopState(device) ?? ""]),
    ];
    return parts.join(", ");
  }
}

const states: Readonly<Record<string, () => Scene>> = {
  free: () => new Scene(),
  owned: () => new Scene().acquire(),
  lent: () => new Scene().acquire().lend(),
  "owner silent": () => {
    const scene = new Scene().acquire().lend();
    scene.silence(1000, "own");
    return scene;
  },
  stale: () => {
    const scene = new Scene().acquire().lend();
    scene.silence(3000, "own");
    return scene;
  },
  stopping: () => {
    const scene = new Scene().acquire();
    scene.authority.estop(device, "pressed");
    return scene;
  },
  latched: () => {
    const scene = states["stopping"]?.() ?? new Scene();
    scene.authority.noteLatched(device, true);
    return scene;
  },
  "latched, owned": () => (states["latched"]?.() ?? new Scene()).acquire(),
  "reset requested": () => {
    const scene = states["latched, owned"]?.() ?? new Scene();
    scene.authority.requestReset("own", device);
    return scene;
  },
  ready: () => {
    const scene = states["reset requested"]?.() ?? new Scene();
    scene.authority.noteLatched(device, false);
    return scene;
  },
  suspended: () => {
    const scene = new Scene();
    scene.authority.suspend(device, "out of service");
    return scene.acquire();
  },
};

interface Result {
  readonly outcome: string;
  readonly effects: readonly AuthorityEffect[];
}

type Event = (scene: Scene) => Result;

const asked = (
  outcome:
    | { readonly ok: true; readonly effects: readonly AuthorityEffect[] }
    | { readonly ok: false; readonly refusal: string },
): Result =>
  outcome.ok
    ? { outcome: "ok", effects: outcome.effects }
    : { outcome: outcome.refusal, effects: [] };
const done = (effects: readonly AuthorityEffect[]): Result => ({ outcome: "", effects });
const judge = (scene: Scene, sessionId: string, lease: Lease): Result =>
  asked(scene.authority.judge({ sessionId, resource: device, lease, sequence: 1 }));

const events: Readonly<Record<string, Event>> = {
  "owner moves": (scene) => judge(scene, "own", scene.lease),
  "agent moves": (scene) => judge(scene, "agent", scene.sub),
  "agent moves with the owner's lease": (scene) => judge(scene, "agent", scene.lease),
  "other moves with the owner's lease": (scene) => judge(scene, "other", scene.lease),
  "other moves with what was lent": (scene) => judge(scene, "other", scene.sub),
  "viewer moves": (scene) => judge(scene, "watcher", scene.lease),
  "owner acquires": ({ authority }) => asked(authority.acquire("own", device)),
  "other acquires": ({ authority }) => asked(authority.acquire("other", device)),
  "agent acquires": ({ authority }) => asked(authority.acquire("agent", device)),
  "other takes": ({ authority }) => asked(authority.take("other", device)),
  "supervisor takes": ({ authority }) => asked(authority.take("boss", device)),
  "owner retains": ({ authority, lease, nowMs }) => asked(authority.retain("own", lease, nowMs)),
  "owner returns": ({ authority, lease }) => asked(authority.giveBack("own", lease)),
  "agent returns": ({ authority, sub }) => asked(authority.giveBack("agent", sub)),
  "owner lends": ({ authority, lease }) => asked(authority.delegate("own", lease, to("agent"))),
  "owner lends to a controller": ({ authority, lease }) =>
    asked(authority.delegate("own", lease, to("other"))),
  "agent lends on": ({ authority, sub }) => asked(authority.delegate("agent", sub, to("agent"))),
  "owner revokes": ({ authority, lease }) => asked(authority.revoke("own", lease)),
  "owner holds": ({ authority }) => done(authority.hold("own", device, "hold")),
  "agent holds": ({ authority }) => done(authority.hold("agent", device, "hold")),
  "viewer holds": ({ authority }) => done(authority.hold("watcher", device, "hold")),
  "emergency stop": ({ authority }) => done(authority.estop(device, "pressed")),
  "owner resets": ({ authority }) => reset(authority, "own"),
  "e-stop button resets": ({ authority }) => reset(authority, "button"),
  "device is latched": ({ authority }) => done(authority.noteLatched(device, true)),
  "device is released": ({ authority }) => done(authority.noteLatched(device, false)),
  "owner leaves": ({ authority }) => done(authority.closeSession("own", "left")),
  "agent leaves": ({ authority }) => done(authority.closeSession("agent", "left")),
  "owner silent for 1 s": (scene) => done(scene.silence(1000, "own")),
  "owner silent for 3 s": (scene) => done(scene.silence(3000, "own")),
  "owner silent for 10 s": (scene) => done(scene.silence(10_000, "own")),
  "agent silent for 1 s": (scene) => done(scene.silence(1000, "agent")),
  "agent silent for 3 s": (scene) => done(scene.silence(3000, "agent")),
};

function to(session: string): Parameters<Authority["delegate"]>[2] {
  return { to: session, share: { velocityRatio: 0.1, accelerationRatio: 0.1 } };
}

function reset(authority: Authority, session: string): Result {
  const verdict = authority.requestReset(session, device);
  return { outcome: verdict.ok ? "ok" : verdict.refusal, effects: [] };
}

interface Cell extends Result {
  readonly state: string;
  readonly event: string;
  readonly before: string;
  readonly after: string;
}

const cells: readonly Cell[] = Object.entries(states).flatMap(([state, make]) =>
  Object.entries(events).map(([event, run]) => {
    const scene = make();
    const before = scene.state;
    const result = run(scene);
    return { state, event, before, after: scene.state, ...result };
  }),
);

const moves = (event: string): boolean => event.includes(" moves");
const isStop = (effect: AuthorityEffect): boolean => effect.kind === "stop";

it("is, state by state and event by event, as the committed table says (vitest -u writes it anew)", async () => {
  const rows = cells.map(({ state, event, outcome, effects, before, after }) => {
    const told = effects.map((effect) =>
      effect.kind === "stop" ? `stop (${effect.cause})` : effect.kind.replace("-", " "),
    );
    const next = before === after ? "" : `→ ${after}`;
    return `| ${state} | ${event} | ${outcome} | ${told.join(", ")} | ${next} |`;
  });
  const head = "| state | event | answer | effects | leads to |\n| --- | --- | --- | --- | --- |";
  const intro =
    "# Who may move the device: every state and event\n\nWritten by test/unit/core/authority-table.test.ts.\n";
  const text = `${intro}\n${head}\n${rows.join("\n")}\n`;
  await expect(text).toMatchFileSnapshot("../../golden/control/authority-table.md");
});

describe("in every cell", () => {
  it("a command is let through only to the owner, or to whom it lent, heard and unlatched", () => {
    const let_through = cells.filter(({ event, outcome }) => moves(event) && outcome === "ok");
    expect(let_through.map(({ state, event }) => `${state}: ${event}`)).toEqual([
      "owned: owner moves",
      "lent: owner moves",
      "lent: agent moves",
      "ready: owner moves",
    ]);
  });

  it("whoever loses the right to move finds the device stopped before, or has stopped it itself", () => {
    for (const { state, event, before, after, effects } of cells) {
      const [had] = before.split(",");
      const lost = had !== "free" && !after.startsWith(had ?? "");
      const byStop = /holds|emergency|latched$/.test(event);
      const wasStopped = ["stale", "owner silent", "latched, owned", "reset requested"].includes(
        state,
      );
      if (!lost || byStop || wasStopped) continue;
      expect(effects.some(isStop), `${state}: ${event}`).toBe(true);
    }
  });

  it("a refusal changes nothing", () => {
    for (const { state, event, outcome, before, after, effects } of cells) {
      if (outcome === "" || outcome === "ok") continue;
      expect({ after, effects }, `${state}: ${event}`).toEqual({ after: before, effects: [] });
    }
  });

  it("only the device itself leads out of the latch, and only after a reset", () => {
    const freed = cells.filter(
      ({ before, after }) =>
        /stopping|latched|reset/.test(before) && !/stopping|latched|reset/.test(after),
    );
    expect(freed.map(({ state, event }) => `${state}: ${event}`)).toEqual([
      "reset requested: device is released",
    ]);
  });

  it("an agent never comes to own anything", () => {
    expect(cells.filter(({ after }) => after.startsWith("agent"))).toEqual([]);
  });
});
