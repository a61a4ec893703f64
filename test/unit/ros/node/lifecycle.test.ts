import { beforeEach, describe, expect, it } from "vitest";
import { silentLog } from "../../../../bridge/contract/log.ts";
import {
  Lifecycle,
  type LifecycleCallbacks,
  type TransitionOutcome,
} from "../../../../ros/node/lifecycle.ts";
import { lifecycleTransitions } from "../../../../ros/node/lifecycle-graph.ts";

let called: string[];
let seen: string[];
let outcomes: Partial<Record<keyof LifecycleCallbacks, TransitionOutcome | Error>>;
let node: Lifecycle;

beforeEach(() => {
  called = [];
  seen = [];
  outcomes = {};
  const callback = (name: keyof LifecycleCallbacks) => async (): Promise<TransitionOutcome> => {
    called.push(name);
    await Promise.resolve();
    const outcome = outcomes[name] ?? "success";
    if (outcome instanceof Error) throw outcome;
    return outcome;
  };
  node = new Lifecycle(
    {
      configure: callback("configure"),
      cleanup: callback("cleanup"),
      activate: callback("activate"),
      deactivate: callback("deactivate"),
      shutdown: callback("shutdown"),
      onError: callback("onError"),
    },
    silentLog,
  );
  node.onTransition(({ id, label, goal }) => seen.push(`${id} ${label} ${goal.label}`));
});

const ask = (label: string): Promise<boolean> => node.change({ id: 0, label });

it("begins unconfigured and goes through its states as ROS names and numbers them", async () => {
  expect(node.state).toEqual({ id: 1, label: "unconfigured" });
  for (const label of ["configure", "activate", "deactivate", "cleanup", "shutdown"]) {
    expect(await ask(label)).toBe(true);
  }
  expect(node.state).toEqual({ id: 4, label: "finalized" });
  expect(seen).toEqual([
    "1 configure configuring",
    "10 transition_success inactive",
    "3 activate activating",
    "30 transition_success active",
    "4 deactivate deactivating",
    "40 transition_success inactive",
    "2 cleanup cleaningup",
    "20 transition_success unconfigured",
    "5 shutdown shuttingdown",
    "50 transition_success finalized",
  ]);
});

it("can be asked by number", async () => {
  expect(await node.change({ id: 1, label: "" })).toBe(true);
  expect(await node.change({ id: 3, label: "" })).toBe(true);
  expect(node.isActive).toBe(true);
  expect(await node.change({ id: 7, label: "" })).toBe(true);
});

describe("what does not lead out of the present state", () => {
  it.each(["activate", "deactivate", "cleanup", "transition_success", "nonsense", "create"])(
    "%s changes nothing when unconfigured",
    async (label) => {
      expect(await ask(label)).toBe(false);
      expect(node.state.label).toBe("unconfigured");
      expect(called).toEqual([]);
      expect(seen).toEqual([]);
    },
  );

  it("is anything while a transition runs", async () => {
    const first = ask("configure");
    expect(node.state.label).toBe("configuring");
    expect(await ask("configure")).toBe(false);
    expect(await node.change({ id: 10, label: "" })).toBe(false);
    expect(await first).toBe(true);
    expect(called).toEqual(["configure"]);
  });

  it("is anything when finalized", async () => {
    await ask("shutdown");
    expect(node.available()).toEqual([]);
    expect(await ask("configure")).toBe(false);
  });
});

it("stays where it was when a callback declines", async () => {
  outcomes.configure = "failure";
  expect(await ask("configure")).toBe(false);
  expect(node.state.label).toBe("unconfigured");
  expect(seen).toEqual(["1 configure configuring", "11 transition_failure unconfigured"]);
});

it.each([
  ["success", "unconfigured"],
  ["failure", "finalized"],
  [new Error("twice"), "finalized"],
] as const)("an error whose handling is a %s ends %s", async (onError, state) => {
  await ask("configure");
  outcomes = { activate: new Error("broken"), onError };
  expect(await ask("activate")).toBe(false);
  expect(called).toEqual(["configure", "activate", "onError"]);
  expect(node.state.label).toBe(state);
  expect(seen[3]).toBe("32 transition_error errorprocessing");
});

it("goes to unconfigured when something fails on its own while it is active", async () => {
  await ask("configure");
  await ask("activate");
  await node.fail();
  expect(seen.slice(4)).toEqual([
    "99 transition_error errorprocessing",
    "60 transition_success unconfigured",
  ]);
  seen.length = 0;
  await node.fail();
  expect(seen).toEqual([]);
});

it("has the transitions of rcl_lifecycle", () => {
  expect(lifecycleTransitions).toHaveLength(25);
  expect(new Set(lifecycleTransitions.map(({ id }) => id)).size).toBe(25);
});
