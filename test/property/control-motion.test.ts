import fc from "fast-check";
import { expect, it } from "vitest";
import type { Actuation, ActuationCommand } from "../../bridge/contract/actuation.ts";
import type { Role } from "../../bridge/core/roles.ts";
import type { ClientMessage } from "../../bridge/control/messages.ts";
import { defaultKeepalive } from "../../bridge/core/session-clock.ts";
import { Rig } from "../faults/devices/rig.ts";
import { DeskRig, device, type DeskClient } from "../fakes/desk-rig.ts";
import { mount } from "../unit/devices/mount.ts";

/** Five clients of every kind that may move, in any order of doing right and wrong. */
const crowd: readonly Role[] = ["controller", "controller", "supervisor", "agent", "agent"];
const someone = fc.nat({ max: crowd.length - 1 });
const ttlMs = fc.integer({ min: 1, max: 400 });
const speed = fc.double({ min: -4, max: 4, noNaN: true });

type Step =
  | { readonly kind: "acquire" | "take" | "return" | "retain" | "revoke"; readonly by: number }
  | { readonly kind: "lend"; readonly by: number; readonly to: number }
  | {
      readonly kind: "velocity" | "position";
      readonly by: number;
      readonly value: number;
      readonly ttlMs: number;
    }
  /** A stream at 20 Hz, as people drive; a lease is acquired first where none is held. */
  | { readonly kind: "drive"; readonly by: number; readonly value: number; readonly ms: number }
  /** The same message once more, an older one of somebody's, or a command with another's lease. */
  | { readonly kind: "retry" | "reuse seq" | "forge"; readonly by: number; readonly from: number }
  | { readonly kind: "hold" | "estop" | "reset"; readonly by: number }
  | { readonly kind: "silence" | "wake" | "reconnect"; readonly by: number }
  | { readonly kind: "wait"; readonly ms: number };

const one = <K extends Step["kind"]>(...kinds: K[]) =>
  fc.record({ kind: fc.constantFrom(...kinds), by: someone });
const step = fc.oneof(
  { weight: 4, arbitrary: one("acquire", "retain") },
  { weight: 2, arbitrary: one("take", "return", "revoke") },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("lend"),
      by: someone,
      to: fc.integer({ min: 2, max: crowd.length - 1 }),
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constantFrom("velocity", "position"),
      by: someone,
      value: speed,
      ttlMs,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom("retry", "reuse seq", "forge"),
      by: someone,
      from: someone,
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("drive"),
      by: someone,
      value: speed,
      ms: fc.integer({ min: 50, max: 600 }),
    }),
  },
  { weight: 1, arbitrary: one("hold", "estop") },
  { weight: 3, arbitrary: one("reset") },
  { weight: 2, arbitrary: one("silence", "reconnect") },
  { weight: 3, arbitrary: one("wake") },
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant("wait"), ms: fc.integer({ min: 5, max: 1500 }) }),
  },
) as fc.Arbitrary<Step>;

/** From full speed to rest under the limits of acceleration and jerk, and two ticks. */
const brakingMs =
  10 +
  Math.max(
    ...mount.axes.map(
      ({ maxVelocityRadPerS: v, maxAccelerationRadPerS2: a, maxJerkRadPerS3: j }) =>
        1000 * (v / a + (2 * a) / j),
    ),
  );
const { checkInMs, missMs } = defaultKeepalive;
const longestTtlMs = 3000;

interface Person {
  client: DeskClient;
  isSilent: boolean;
  nextCheckInMs: number;
  last: ClientMessage | undefined;
}

/** The real desk over the real controller, on one clock. What it judges by is what everyone is told. */
class World {
  readonly rig = Rig.running();
  readonly desk: DeskRig;
  readonly people: Person[];
  readonly broken: string[] = [];
  /** Of what is broadcast: who may move the device. */
  owner: string | null = null;
  delegate: string | null = null;
  isStale = false;
  isLatched = false;
  /** Whose message is handled now. */
  #handling: { readonly session: string; readonly message: ClientMessage } | undefined;
  #lastSeq = new Map<string, number>();
  #forwardedIds = new Set<string>();
  /** Whose command was passed on last, and when each was heard last. */
  #mover: string | undefined;
  /** Whether a stop came since. */
  #isStopped = true;
  readonly #heardMs = new Map<string, number>();
  /** When whatever moves has to be at rest at the latest. */
  #restByMs = 0;
  readonly #listeners: Parameters<Actuation["onEvent"]>[0][] = [];

  constructor() {
    this.desk = new DeskRig({ actuation: this.#actuation(), audit: { append: () => undefined } });
    this.desk.nowMs = this.rig.nowMs;
    const watcher = this.desk.join("viewer");
    const hear = watcher.send.bind(watcher);
    watcher.send = (message) => {
      hear(message);
      if (message.type === "lease" && message.id === undefined) {
        this.owner = message.owner?.session ?? null;
        this.delegate = message.delegate?.session ?? null;
        this.isStale = message.stale;
        const mayGoOn = this.#mover === this.owner || this.#mover === this.delegate;
        if (!mayGoOn && !this.#isStopped)
          this.broken.push(`${String(this.#mover)} was not stopped`);
      }
      if (message.type === "state") this.isLatched = message.latched;
    };
    this.#watcher = watcher;
    this.people = crowd.map((role) => this.#join(role));
  }

  readonly #watcher: DeskClient;

  #join(role: Role): Person {
    const client = this.desk.join(role);
    this.#heardMs.set(client.id, this.rig.nowMs);
    return { client, isSilent: false, nextCheckInMs: this.rig.nowMs, last: undefined };
  }

  #actuation(): Actuation {
    return {
      device: mount,
      send: (command) => {
        this.#forwarded(command);
        this.rig.send(command);
      },
      onEvent: (listener) => {
        this.#listeners.push(listener);
      },
      readStatus: (out) => {
        out[0] = this.rig.status("mode");
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }

  #forwarded(command: ActuationCommand): void {
    const nowMs = this.rig.nowMs;
    if (command.kind === "reset") return;
    if (command.kind === "stop") {
      this.#isStopped = true;
      this.#restBy(nowMs + brakingMs);
      return;
    }
    const { session = "nobody", message } = this.#handling ?? {};
    const isOwner = session === this.owner && !this.isStale;
    if (!isOwner && session !== this.delegate) this.broken.push(`${session} moved it, no owner`);
    if (this.isLatched) this.broken.push(`${session} moved it while latched`);
    if (message?.type !== "command") return;
    if (message.seq <= (this.#lastSeq.get(session) ?? -1)) this.broken.push("seq did not rise");
    this.#lastSeq.set(session, message.seq);
    const key = `${session} ${message.id}`;
    if (this.#forwardedIds.has(key)) this.broken.push(`id ${message.id} was carried out twice`);
    this.#forwardedIds.add(key);
    const endMs = "expiresAtMs" in command ? (command.expiresAtMs ?? Infinity) : Infinity;
    this.#mover = session;
    this.#isStopped = false;
    if (endMs > nowMs + longestTtlMs) this.broken.push("a command outlives its ttl");
    this.#restByMs = Math.max(this.#restByMs, endMs + brakingMs);
  }

  #restBy(atMs: number): void {
    this.#restByMs = Math.min(this.#restByMs, atMs);
  }

  #checkIn(person: Person, nowMs: number): void {
    person.nextCheckInMs = nowMs + checkInMs;
    person.client.say({ type: "checkin" });
    this.#heardMs.set(person.client.id, nowMs);
  }

  say(person: Person, message: ClientMessage): void {
    if (person.isSilent) return;
    person.last = message;
    this.#handling = { session: person.client.id, message };
    this.desk.nowMs = this.rig.nowMs;
    person.client.say(message);
    this.#handling = undefined;
  }

  run(ms: number): void {
    let nextTickMs = this.rig.nowMs;
    this.rig.run(ms, () => {
      const nowMs = this.rig.nowMs;
      this.desk.nowMs = nowMs;
      for (const event of this.rig.events.splice(0)) {
        for (const listener of this.#listeners) listener(event);
      }
      this.#watcher.say({ type: "checkin" });
      for (const person of this.people) {
        if (person.isSilent || nowMs < person.nextCheckInMs) continue;
        this.#checkIn(person, nowMs);
      }
      if (nowMs >= nextTickMs) {
        nextTickMs = nowMs + checkInMs / 4;
        this.desk.desk.tick();
      }
      const heardMs = this.#heardMs.get(this.#mover ?? "") ?? nowMs;
      if (nowMs - heardMs > missMs + checkInMs / 4)
        this.#restBy(heardMs + missMs + checkInMs / 4 + brakingMs);
      const isMoving = this.rig.velRadPerS.some((velocity) => Math.abs(velocity) > 1e-9);
      if (isMoving && nowMs > this.#restByMs) {
        this.broken.push(`moves ${(nowMs - this.#restByMs).toFixed(0)} ms after it had to rest`);
      }
    });
    for (const person of this.people) {
      if (person.client.ended !== undefined) Object.assign(person, this.#join(roleOf(person)));
    }
  }

  #drive(person: Person, yaw: number, ms: number): void {
    const { client } = person;
    const mayAcquire = roleOf(person) !== "agent";
    if (mayAcquire && this.owner !== client.id) {
      this.say(person, { type: "lease.acquire", id: client.nextId(), device });
    }
    for (let sinceMs = 0; sinceMs < ms; sinceMs += 50) {
      this.say(person, client.velocityMessage(yaw, 150));
      this.run(50);
    }
  }

  do(step: Step): void {
    if (step.kind === "wait") {
      this.run(step.ms);
      return;
    }
    const person = this.people[step.by];
    if (person === undefined) return;
    const { client } = person;
    const lease = client.lease ?? { epoch: "e1", sequence: 1 };
    switch (step.kind) {
      case "acquire":
      case "take":
        this.say(person, { type: `lease.${step.kind}`, id: client.nextId(), device });
        return;
      case "return":
      case "retain":
      case "revoke":
        this.say(person, { type: `lease.${step.kind}`, id: client.nextId(), device, lease });
        return;
      case "lend": {
        const to = this.people[step.to]?.client.id ?? "";
        const share = { velocityRatio: 0.3, accelerationRatio: 0.3 };
        const id = client.nextId();
        this.say(person, { type: "lease.delegate", id, device, lease, to, ...share });
        return;
      }
      case "drive":
        this.#drive(person, step.value, step.ms);
        return;
      case "velocity":
        this.say(person, client.velocityMessage(step.value, step.ttlMs));
        return;
      case "position": {
        const { value } = step;
        const ttl = (step.ttlMs / 400) * longestTtlMs;
        const id = client.nextId();
        const head = { type: "command", id, seq: client.nextSeq(), device, lease } as const;
        this.say(person, {
          ...head,
          kind: "position",
          ttlMs: Math.max(1, ttl),
          posRad: { yaw: value / 2 },
        });
        return;
      }
      case "retry":
        if (person.last !== undefined) this.say(person, person.last);
        return;
      case "reuse seq": {
        const { last } = person;
        if (last?.type === "command") this.say(person, { ...last, id: client.nextId() });
        return;
      }
      case "forge": {
        const stolen = this.people[step.from]?.client.lease ?? lease;
        this.say(person, client.velocityMessage(1, 300, { lease: stolen }));
        return;
      }
      case "hold":
      case "estop":
        this.say(person, { type: "stop", id: client.nextId(), device, level: step.kind });
        return;
      case "reset":
        this.say(person, { type: "reset", id: client.nextId(), device });
        return;
      case "silence":
        person.isSilent = true;
        return;
      case "wake":
        person.isSilent = false;
        return;
      case "reconnect":
        this.desk.leave(client);
        Object.assign(person, this.#join(roleOf(person)));
        return;
      default:
        step satisfies never;
    }
  }
}

type Seen = Map<Step["kind"] | "moves", number>;

function count(seen: Seen, what: Step["kind"] | "moves"): void {
  seen.set(what, (seen.get(what) ?? 0) + 1);
}

function roleOf({ client }: Person): Role {
  return client.identity.role;
}

const numRuns = Number(process.env["KAIROS_PROPERTY_RUNS"] ?? 150);

it("lets only who has the right move it, once per command, and it rests ttl and braking time later", () => {
  const seen: Seen = new Map();
  fc.assert(
    fc.property(fc.array(step, { minLength: 10, maxLength: 80 }), (steps) => {
      const world = new World();
      for (const next of steps) {
        world.do(next);
        world.run(5);
        count(seen, next.kind);
        if (world.rig.velRadPerS.some((velocity) => velocity !== 0)) count(seen, "moves");
        expect(world.broken).toEqual([]);
      }
      world.people.forEach((person) => (person.isSilent = true));
      world.run(1000 + brakingMs);
      expect(world.broken).toEqual([]);
      expect(world.rig.velRadPerS.every((velocity) => velocity === 0)).toBe(true);
    }),
    { numRuns, seed: 7_2026, endOnFailure: true },
  );
  // The device does move in these runs: a rig that refuses everything would pass all laws.
  expect(seen.size).toBe(20);
  expect(seen.get("moves")).toBeGreaterThan(2 * numRuns);
});
