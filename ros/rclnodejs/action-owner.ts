import { BridgeError, ErrorCode, errorText } from "../../bridge/contract/errors.ts";
import type { Log } from "../../bridge/contract/log.ts";
import type {
  ActionHandler,
  GoalOutcome,
  RosAction,
  RosActionClient,
  RosActions,
  RosActionServer,
  SentGoal,
} from "../actions/action-port.ts";
import { ddsTopicName, ddsTypeName } from "../rtps/rosgraph/names.ts";
import type { FromActionHost, ToActionHost } from "./action-notes.ts";

export interface ActionOwnerOptions {
  readonly newEndpoint: () => number;
  readonly post: (note: ToActionHost) => void;
  readonly log: Log;
}

type OfGoal<Kind extends FromActionHost["kind"]> = Extract<FromActionHost, { kind: Kind }>;

interface Server {
  readonly action: RosAction;
  readonly handler: ActionHandler;
  /** Accepted or being decided; removed when they have ended. */
  readonly goals: Map<string, { readonly cdr: Uint8Array; readonly abort: AbortController }>;
}

interface Sent {
  readonly onFeedback: ((cdr: Uint8Array) => void) | undefined;
  readonly answer: Waiting<boolean>;
  readonly end: Waiting<GoalOutcome>;
  cancel: Waiting<boolean>;
}

interface Client {
  readonly action: RosAction;
  readonly goals: Map<string, Sent>;
  readonly waiting: Set<() => void>;
  isThere: boolean;
}

/** Actions on the owner's side of the rclnodejs host: handlers of goals, and who waits for answers. */
export class ActionOwner implements RosActions {
  readonly #options: ActionOwnerOptions;
  readonly #servers = new Map<number, Server>();
  readonly #clients = new Map<number, Client>();
  #goalCount = 0;

  constructor(options: ActionOwnerOptions) {
    this.#options = options;
  }

  /** @throws BridgeError `ros/type` for names ROS 2 does not allow; `ros/transport` after disposal. */
  serveAction(action: RosAction, handler: ActionHandler): RosActionServer {
    checkAction(action);
    const endpointId = this.#options.newEndpoint();
    this.#servers.set(endpointId, { action, handler, goals: new Map() });
    this.#options.post({ kind: "serve-action", endpointId, name: action.name, type: action.type });
    return {
      action,
      close: () => {
        this.#abortAll(this.#servers.get(endpointId), new Error("the action server closed"));
        if (!this.#servers.delete(endpointId)) return;
        this.#options.post({ kind: "close-action", endpointId });
      },
    };
  }

  /** @throws BridgeError `ros/type` for names ROS 2 does not allow; `ros/transport` after disposal. */
  actionClient(action: RosAction): RosActionClient {
    checkAction(action);
    const endpointId = this.#options.newEndpoint();
    const client: Client = { action, goals: new Map(), waiting: new Set(), isThere: false };
    this.#clients.set(endpointId, client);
    const { name, type } = action;
    this.#options.post({ kind: "open-action-client", endpointId, name, type });
    return {
      action,
      waitForServer: ({ timeoutMs }) => waitForServer(client, timeoutMs),
      send: (goalCdr, options) => this.#send(endpointId, client, goalCdr, options),
      close: () => {
        if (!this.#clients.delete(endpointId)) return;
        this.#options.post({ kind: "close-action", endpointId });
        fail(client, new BridgeError(ErrorCode.RosTransport, "the action client is closed"));
      },
    };
  }

  handle(note: FromActionHost): void {
    const sent =
      "goalId" in note ? this.#clients.get(note.endpointId)?.goals.get(note.goalId) : undefined;
    switch (note.kind) {
      case "goal-asked":
        void this.#decide(note);
        return;
      case "goal-started":
        void this.#run(note);
        return;
      case "cancel-asked":
        void this.#decideCancel(note);
        return;
      case "action-servers": {
        const client = this.#clients.get(note.endpointId);
        if (client === undefined) return;
        client.isThere = note.isThere;
        if (note.isThere) for (const settle of [...client.waiting]) settle();
        return;
      }
      case "goal-answered":
        sent?.answer.resolve(note.isAccepted);
        return;
      case "cancel-answered":
        sent?.cancel.resolve(note.isCanceling);
        return;
      case "feedback-came":
        sent?.onFeedback?.(note.cdr);
        return;
      case "goal-ended":
        sent?.end.resolve({ end: note.end, resultCdr: note.cdr });
        return;
      case "goal-failed":
        if (sent !== undefined) failGoal(sent, new BridgeError(ErrorCode.RosTransport, note.text));
        return;
      default:
        note satisfies never;
    }
  }

  /** The host is gone: goals that run for it are aborted, sent ones fail. Servers and clients stay. */
  interrupt(error: BridgeError): void {
    for (const server of this.#servers.values()) this.#abortAll(server, error);
    for (const client of this.#clients.values()) {
      client.isThere = false;
      fail(client, error);
    }
  }

  /** Tells a new host of every server and client. */
  reopen(): void {
    for (const [endpointId, { action }] of this.#servers) {
      const { name, type } = action;
      this.#options.post({ kind: "serve-action", endpointId, name, type });
    }
    for (const [endpointId, { action }] of this.#clients) {
      const { name, type } = action;
      this.#options.post({ kind: "open-action-client", endpointId, name, type });
    }
  }

  async #decide({ endpointId, goalId, cdr }: OfGoal<"goal-asked">): Promise<void> {
    const server = this.#servers.get(endpointId);
    let isAccepted = false;
    try {
      isAccepted = server !== undefined && (await server.handler.accept(goalId, cdr));
    } catch (error) {
      this.#options.log.warn({ goal: goalId, error: errorText(error) }, "goal rejected");
    }
    if (isAccepted) server?.goals.set(goalId, { cdr, abort: new AbortController() });
    this.#options.post({ kind: "goal-decision", endpointId, goalId, isAccepted });
  }

  async #run({ endpointId, goalId }: OfGoal<"goal-started">): Promise<void> {
    const server = this.#servers.get(endpointId);
    const goal = server?.goals.get(goalId);
    if (server === undefined || goal === undefined) return;
    const feedback = (cdr: Uint8Array): void => {
      if (server.goals.has(goalId)) {
        this.#options.post({ kind: "goal-feedback", endpointId, goalId, cdr });
      }
    };
    const { signal } = goal.abort;
    let outcome: GoalOutcome = { end: "aborted", resultCdr: server.action.emptyResultCdr };
    try {
      outcome = await server.handler.run({ id: goalId, cdr: goal.cdr, signal, feedback });
    } catch (error) {
      const fields = { goal: goalId, error: errorText(error) };
      this.#options.log.error(fields, "goal aborted by an error");
    }
    server.goals.delete(goalId);
    const { end, resultCdr } = outcome;
    this.#options.post({ kind: "goal-done", endpointId, goalId, end, cdr: resultCdr });
  }

  async #decideCancel({ endpointId, goalId }: OfGoal<"cancel-asked">): Promise<void> {
    const server = this.#servers.get(endpointId);
    const goal = server?.goals.get(goalId);
    const isAccepted =
      server !== undefined && goal !== undefined && (await server.handler.mayCancel(goalId));
    this.#options.post({ kind: "cancel-decision", endpointId, goalId, isAccepted });
    if (isAccepted) goal.abort.abort(new Error("the goal was canceled"));
  }

  #abortAll(server: Server | undefined, why: Error): void {
    for (const { abort } of server?.goals.values() ?? []) abort.abort(why);
    server?.goals.clear();
  }

  async #send(
    endpointId: number,
    client: Client,
    cdr: Uint8Array,
    options: { readonly timeoutMs: number; readonly onFeedback?: (cdr: Uint8Array) => void },
  ): Promise<SentGoal | undefined> {
    this.#goalCount += 1;
    const goalId = String(this.#goalCount);
    const { onFeedback, timeoutMs } = options;
    const sent: Sent = { onFeedback, answer: waiting(), end: waiting(), cancel: waiting() };
    client.goals.set(goalId, sent);
    this.#options.post({ kind: "send-goal", endpointId, goalId, cdr });
    const drop = (): void => {
      client.goals.delete(goalId);
    };
    const what = `${client.action.name} to answer`;
    const isAccepted = await inTime(sent.answer, timeoutMs, what).catch((error: unknown) => {
      drop();
      throw error;
    });
    if (!isAccepted) {
      drop();
      return undefined;
    }
    return {
      id: goalId,
      result: async ({ timeoutMs: patienceMs }) => {
        const outcome = await inTime(
          sent.end,
          patienceMs,
          `the goal of ${client.action.name} to end`,
        );
        drop();
        return outcome;
      },
      cancel: async ({ timeoutMs: patienceMs }) => {
        if (!client.goals.has(goalId)) return false;
        sent.cancel = waiting();
        this.#options.post({ kind: "send-cancel", endpointId, goalId });
        return await inTime(sent.cancel, patienceMs, `${client.action.name} to cancel`);
      },
    };
  }
}

/** A promise and its ends. Nobody may be waiting yet when it is rejected. */
interface Waiting<Value> {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value) => void;
  readonly reject: (error: BridgeError) => void;
}

function waiting<Value>(): Waiting<Value> {
  let resolve: (value: Value) => void = () => undefined;
  let reject: (error: BridgeError) => void = () => undefined;
  const promise = new Promise<Value>((...ends) => {
    [resolve, reject] = ends;
  });
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}

async function inTime<Value>(
  { promise }: Waiting<Value>,
  timeoutMs: number,
  what: string,
): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const text = `waited ${timeoutMs} ms for ${what}`;
      reject(new BridgeError(ErrorCode.RosServiceTimeout, text, { details: { timeoutMs } }));
    }, timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function waitForServer(client: Client, timeoutMs: number): Promise<boolean> {
  if (client.isThere) return Promise.resolve(true);
  return new Promise((resolve) => {
    const settle = (): void => {
      clearTimeout(timer);
      client.waiting.delete(settle);
      resolve(client.isThere);
    };
    const timer = setTimeout(settle, timeoutMs);
    client.waiting.add(settle);
  });
}

function fail(client: Client, error: BridgeError): void {
  for (const sent of client.goals.values()) failGoal(sent, error);
  client.goals.clear();
}

function failGoal({ answer, end, cancel }: Sent, error: BridgeError): void {
  for (const each of [answer, end, cancel]) each.reject(error);
}

/** Checked here, where the caller can be told. */
function checkAction({ name, type }: RosAction): void {
  ddsTopicName(name);
  ddsTypeName(type);
}
