import { BridgeError, ErrorCode, errorText } from "../../bridge/contract/errors.ts";
import type { GoalEnd } from "../actions/action-port.ts";
import type { StructCodec } from "../actions/struct-codec.ts";
import {
  trajectoryAction,
  trajectoryFeedback,
  trajectoryGoal,
  trajectoryResult,
} from "../actions/trajectory-messages.ts";
import type { FromActionHost, ToActionHost } from "./action-notes.ts";
import type {
  Rclnodejs,
  RclActionClient,
  RclActionServer,
  RclClientGoal,
  RclGoalRequest,
  RclNode,
  RclServerGoal,
} from "./api.ts";

export interface RclActionsOutput {
  readonly post: (note: FromActionHost) => void;
  readonly refuse: (endpointId: number, error: unknown) => void;
}

interface ActionCodec {
  readonly goal: StructCodec<object>;
  readonly feedback: StructCodec<object>;
  readonly result: StructCodec<object>;
}

/** Actions whose messages the bridge has definitions of: as services, they pass as plain objects. */
const codecs: Readonly<Record<string, ActionCodec>> = {
  [trajectoryAction("/any").type]: {
    goal: trajectoryGoal as unknown as StructCodec<object>,
    feedback: trajectoryFeedback as unknown as StructCodec<object>,
    result: trajectoryResult as unknown as StructCodec<object>,
  },
};

interface Server {
  readonly server: RclActionServer;
  readonly codec: ActionCodec;
  readonly decisions: Map<string, (isAccepted: boolean) => void>;
  readonly cancels: Map<string, (isAccepted: boolean) => void>;
  readonly running: Map<string, Running>;
}

interface Running {
  readonly goal: RclServerGoal;
  readonly finish: (done: { readonly end: GoalEnd; readonly cdr: Uint8Array }) => void;
}

interface Client {
  readonly client: RclActionClient;
  readonly codec: ActionCodec;
  readonly goals: Map<string, RclClientGoal>;
  isThere: boolean;
}

/** Actions of the rclnodejs node. Whether a goal is taken, and what becomes of it, the owner decides. */
export class RclActions {
  readonly #rcl: Rclnodejs;
  readonly #node: RclNode;
  readonly #output: RclActionsOutput;
  readonly #servers = new Map<number, Server>();
  readonly #clients = new Map<number, Client>();

  constructor(rcl: Rclnodejs, node: RclNode, output: RclActionsOutput) {
    this.#rcl = rcl;
    this.#node = node;
    this.#output = output;
  }

  handle(note: ToActionHost): void {
    try {
      this.#do(note);
    } catch (error) {
      this.#output.refuse(note.endpointId, error);
    }
  }

  /** rcl tells of no change, so the servers of every client are looked for now and then. */
  look(): void {
    for (const [endpointId, client] of this.#clients) {
      const isThere = client.client.isActionServerAvailable();
      if (isThere === client.isThere) continue;
      client.isThere = isThere;
      this.#output.post({ kind: "action-servers", endpointId, isThere });
    }
  }

  #do(note: ToActionHost): void {
    const server = this.#servers.get(note.endpointId);
    const client = this.#clients.get(note.endpointId);
    switch (note.kind) {
      case "serve-action":
        this.#serve(note);
        return;
      case "open-action-client": {
        const codec = codecOf(note.type);
        const opened = new this.#rcl.ActionClient(this.#node, note.type, note.name);
        const client: Client = { client: opened, codec, goals: new Map(), isThere: false };
        this.#clients.set(note.endpointId, client);
        return;
      }
      case "close-action":
        server?.server.destroy();
        client?.client.destroy();
        this.#servers.delete(note.endpointId);
        this.#clients.delete(note.endpointId);
        return;
      case "goal-decision":
        settle(server?.decisions, note.goalId, note.isAccepted);
        return;
      case "cancel-decision":
        settle(server?.cancels, note.goalId, note.isAccepted);
        return;
      case "goal-feedback":
        server?.running
          .get(note.goalId)
          ?.goal.publishFeedback(server.codec.feedback.read(note.cdr));
        return;
      case "goal-done":
        server?.running.get(note.goalId)?.finish(note);
        return;
      case "send-goal":
        if (client !== undefined) void this.#send(client, note);
        return;
      case "send-cancel":
        if (client !== undefined) void this.#cancel(client, note);
        return;
      default:
        note satisfies never;
    }
  }

  #serve({ endpointId, name, type }: Extract<ToActionHost, { kind: "serve-action" }>): void {
    const { GoalResponse, CancelResponse } = this.#rcl;
    const codec = codecOf(type);
    const post = this.#output.post;
    const decisions: Server["decisions"] = new Map();
    const cancels: Server["cancels"] = new Map();
    const running: Server["running"] = new Map();

    const decide = (request: RclGoalRequest): Promise<boolean> => {
      const goalId = idOf(request.goal_id);
      return new Promise((resolve) => {
        decisions.set(goalId, resolve);
        const cdr = codec.goal.write(request.goal.toPlainObject());
        post({ kind: "goal-asked", endpointId, goalId, cdr });
      });
    };
    const execute = async (goal: RclServerGoal): Promise<object> => {
      const goalId = idOf(goal.goalId);
      const done = await new Promise<Parameters<Running["finish"]>[0]>((finish) => {
        running.set(goalId, { goal, finish });
        post({ kind: "goal-started", endpointId, goalId });
      });
      running.delete(goalId);
      // The answer to a cancel request changes the goal's state first.
      await new Promise((resolve) => setImmediate(resolve));
      endGoal(goal, done.end);
      return codec.result.read(done.cdr);
    };
    const cancel = (goal: RclServerGoal): Promise<number> => {
      const goalId = idOf(goal.goalId);
      return new Promise((resolve) => {
        cancels.set(goalId, (isAccepted) => {
          resolve(isAccepted ? CancelResponse.ACCEPT : CancelResponse.REJECT);
        });
        post({ kind: "cancel-asked", endpointId, goalId });
      });
    };

    const Deferring = deferringServer(this.#rcl, decide);
    const server = new Deferring(
      this.#node,
      type,
      name,
      execute,
      () => (Deferring.isAccepted ? GoalResponse.ACCEPT : GoalResponse.REJECT),
      undefined,
      cancel,
    );
    this.#servers.set(endpointId, { server, codec, decisions, cancels, running });
  }

  async #send(client: Client, note: Extract<ToActionHost, { kind: "send-goal" }>): Promise<void> {
    const { endpointId, goalId } = note;
    const { codec, goals } = client;
    const { post } = this.#output;
    try {
      const goal = await client.client.sendGoal(codec.goal.read(note.cdr), (feedback) => {
        post({ kind: "feedback-came", endpointId, goalId, cdr: codec.feedback.write(feedback) });
      });
      const isAccepted = goal.isAccepted();
      if (isAccepted) goals.set(goalId, goal);
      post({ kind: "goal-answered", endpointId, goalId, isAccepted });
      if (!isAccepted) return;
      const cdr = codec.result.write(await goal.getResult());
      post({ kind: "goal-ended", endpointId, goalId, end: endOf(goal), cdr });
    } catch (error) {
      post({ kind: "goal-failed", endpointId, goalId, text: errorText(error) });
    }
    goals.delete(goalId);
  }

  async #cancel(
    { goals }: Client,
    { endpointId, goalId }: Extract<ToActionHost, { kind: "send-cancel" }>,
  ): Promise<void> {
    const answer = await goals
      .get(goalId)
      ?.cancelGoal()
      .catch(() => undefined);
    const isCanceling = (answer?.goals_canceling.length ?? 0) > 0;
    this.#output.post({ kind: "cancel-answered", endpointId, goalId, isCanceling });
  }
}

/**
 * The package asks for a decision and wants it at once; ours is another process's. So a goal request is
 * held back until the decision is there, and only then given to the package, which asks again.
 */
function deferringServer(rcl: Rclnodejs, decide: (request: RclGoalRequest) => Promise<boolean>) {
  return class DeferringServer extends rcl.ActionServer {
    static isAccepted = false;

    override processGoalRequest(header: unknown, request: RclGoalRequest): void {
      void decide(request).then((isAccepted) => {
        DeferringServer.isAccepted = isAccepted;
        super.processGoalRequest(header, request);
      });
    }
  };
}

function codecOf(type: string): ActionCodec {
  const codec = codecs[type];
  if (codec !== undefined) return codec;
  const text = `action type ${type} has no definition here, expected ${Object.keys(codecs).join(", ")}`;
  throw new BridgeError(ErrorCode.RosType, text, { details: { type } });
}

function settle<Value>(
  waiting: Map<string, (value: Value) => void> | undefined,
  goalId: string,
  value: Value,
): void {
  waiting?.get(goalId)?.(value);
  waiting?.delete(goalId);
}

function endGoal(goal: RclServerGoal, end: GoalEnd): void {
  if (end === "succeeded") goal.succeed();
  // rcl knows no way to canceled that nobody asked for.
  else if (end === "canceled" && goal.isCancelRequested) goal.canceled();
  else goal.abort();
}

function endOf(goal: RclClientGoal): GoalEnd {
  if (goal.isSucceeded()) return "succeeded";
  return goal.isCanceled() ? "canceled" : "aborted";
}

function idOf({ uuid }: { readonly uuid: Uint8Array }): string {
  return Buffer.from(uuid).toString("hex");
}
