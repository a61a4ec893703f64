import { systemClock } from "../../bridge/contract/clock.ts";
import { silentLog } from "../../bridge/contract/log.ts";
import type { GoalEnd, RosActionClient, SentGoal } from "../../ros/actions/action-port.ts";
import { serviceActions } from "../../ros/actions/service-actions.ts";
import type { StructCodec } from "../../ros/actions/struct-codec.ts";
import {
  trajectoryAction,
  trajectoryFeedback,
  trajectoryGoal,
  trajectoryResult,
} from "../../ros/actions/trajectory-messages.ts";
import type { Participant } from "../../ros/rtps/participant.ts";
import type {
  Rclnodejs,
  RclClientGoal,
  RclGoalRequest,
  RclServerGoal,
  RclUuid,
} from "../../ros/rclnodejs/api.ts";
import { participantTransport } from "./participant-transport.ts";

const goals = trajectoryGoal as unknown as StructCodec<object>;
const feedbacks = trajectoryFeedback as unknown as StructCodec<object>;
const results = trajectoryResult as unknown as StructCodec<object>;
const patienceMs = 60_000;

/** rclnodejs's ActionServer and ActionClient, over the embedded participant's services. */
export function standInActions(
  graph: () => Participant,
): Pick<Rclnodejs, "ActionServer" | "ActionClient" | "GoalResponse" | "CancelResponse"> {
  const actions = () =>
    serviceActions(participantTransport(graph()), { clock: systemClock(), log: silentLog });

  class ActionServer {
    readonly #onExecute: (goal: RclServerGoal) => Promise<object>;
    readonly #onGoal: (goal: object) => number;
    readonly #onCancel: (goal: RclServerGoal) => Promise<number>;
    readonly #running = new Map<string, ServerGoal>();
    readonly #server: { close(): void };

    constructor(
      _node: unknown,
      type: string,
      name: string,
      onExecute: (goal: RclServerGoal) => Promise<object>,
      onGoal: (goal: object) => number,
      _onAccepted: undefined,
      onCancel: (goal: RclServerGoal) => Promise<number>,
    ) {
      this.#onExecute = onExecute;
      this.#onGoal = onGoal;
      this.#onCancel = onCancel;
      this.#server = actions().serveAction(actionOf(type, name), {
        accept: (id, cdr) => this.#ask(id, cdr),
        run: async ({ id, feedback }) => {
          const goal = new ServerGoal(id, (message) => {
            feedback(feedbacks.write(message));
          });
          this.#running.set(id, goal);
          const result = await this.#onExecute(goal);
          return { end: goal.end, resultCdr: results.write(result) };
        },
        mayCancel: async (id) => {
          const goal = this.#running.get(id);
          if (goal === undefined || (await this.#onCancel(goal)) !== CancelResponse.ACCEPT) {
            return false;
          }
          goal.isCancelRequested = true;
          return true;
        },
      });
    }

    /** The header is how the answer gets back to who asked. */
    processGoalRequest(header: unknown, request: RclGoalRequest): void {
      const decided = this.#onGoal(request.goal.toPlainObject());
      (header as { answer: (isAccepted: boolean) => void }).answer(decided === GoalResponse.ACCEPT);
    }

    destroy(): void {
      this.#server.close();
    }

    #ask(id: string, cdr: Uint8Array): Promise<boolean> {
      return new Promise((answer) => {
        const request: RclGoalRequest = {
          goal_id: uuidOf(id),
          goal: { toPlainObject: () => goals.read(cdr) },
        };
        this.processGoalRequest({ answer }, request);
      });
    }
  }

  class ActionClient {
    readonly #client: RosActionClient;
    #isThere = false;

    constructor(_node: unknown, type: string, name: string) {
      this.#client = actions().actionClient(actionOf(type, name));
    }

    isActionServerAvailable(): boolean {
      void this.#client.waitForServer({ timeoutMs: 0 }).then((isThere) => {
        this.#isThere = isThere;
      });
      return this.#isThere;
    }

    async sendGoal(goal: object, onFeedback: (feedback: object) => void): Promise<ClientGoal> {
      const sent = await this.#client.send(goals.write(goal), {
        timeoutMs: patienceMs,
        onFeedback: (cdr) => {
          onFeedback(feedbacks.read(cdr));
        },
      });
      return new ClientGoal(sent);
    }

    destroy(): void {
      this.#client.close();
    }
  }

  return { ActionServer, ActionClient, GoalResponse, CancelResponse };
}

const GoalResponse = { REJECT: 1, ACCEPT: 2 };
const CancelResponse = { REJECT: 1, ACCEPT: 2 };

class ServerGoal implements RclServerGoal {
  readonly goalId: RclUuid;
  readonly publishFeedback: (feedback: object) => void;
  isCancelRequested = false;
  end: GoalEnd = "aborted";

  constructor(id: string, publishFeedback: (feedback: object) => void) {
    this.goalId = uuidOf(id);
    this.publishFeedback = publishFeedback;
  }

  succeed(): void {
    this.end = "succeeded";
  }

  abort(): void {
    this.end = "aborted";
  }

  canceled(): void {
    if (!this.isCancelRequested) throw new Error("goal_handle attempted invalid transition");
    this.end = "canceled";
  }
}

class ClientGoal implements RclClientGoal {
  readonly #sent: SentGoal | undefined;
  #end: GoalEnd | undefined;

  constructor(sent: SentGoal | undefined) {
    this.#sent = sent;
  }

  isAccepted(): boolean {
    return this.#sent !== undefined;
  }

  isSucceeded(): boolean {
    return this.#end === "succeeded";
  }

  isCanceled(): boolean {
    return this.#end === "canceled";
  }

  async cancelGoal() {
    const isCanceling = await this.#sent?.cancel({ timeoutMs: patienceMs });
    return { goals_canceling: isCanceling === true ? [{}] : [] };
  }

  async getResult(): Promise<object> {
    if (this.#sent === undefined) throw new Error("the goal was not accepted");
    const { end, resultCdr } = await this.#sent.result({ timeoutMs: patienceMs });
    this.#end = end;
    return results.read(resultCdr);
  }
}

function actionOf(type: string, name: string) {
  const action = trajectoryAction(name);
  if (action.type !== type) throw new Error(`The message required does not exist: ${type}`);
  return action;
}

function uuidOf(id: string): RclUuid {
  return { uuid: new Uint8Array(Buffer.from(id, "hex")) };
}
