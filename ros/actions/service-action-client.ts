import { randomBytes } from "node:crypto";
import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";
import type { RosNodeTransport, RosServiceClient } from "../../bridge/contract/ros-services.ts";
import type { RosSubscription } from "../../bridge/contract/ros-transport.ts";
import type { GoalEnd, GoalOutcome, RosAction, RosActionClient, SentGoal } from "./action-port.ts";
import {
  actionEndpoints,
  cancelRequest,
  cancelResponse,
  idOf,
  resultRequest,
  sendGoalResponse,
  splitGoalId,
  splitStatus,
  statusOfEnd,
  uuidOf,
  withGoalId,
} from "./action-wire.ts";

/** An action client over the services and the feedback topic of an action. */
export class ServiceActionClient implements RosActionClient {
  readonly action: RosAction;
  readonly #sendGoal: RosServiceClient;
  readonly #cancelGoal: RosServiceClient;
  readonly #getResult: RosServiceClient;
  readonly #feedback: RosSubscription;
  readonly #listeners = new Map<string, (cdr: Uint8Array) => void>();

  constructor(transport: RosNodeTransport, action: RosAction) {
    this.action = action;
    const { sendGoal, cancelGoal, getResult, feedback } = actionEndpoints(action);
    this.#sendGoal = transport.client(sendGoal);
    this.#cancelGoal = transport.client(cancelGoal);
    this.#getResult = transport.client(getResult);
    this.#feedback = transport.subscribe(feedback, (message) => {
      const parts = splitGoalId(message);
      if (parts !== undefined) this.#listeners.get(parts.id)?.(parts.cdr);
    });
  }

  async waitForServer(options: { readonly timeoutMs: number }): Promise<boolean> {
    const found = await Promise.all(
      [this.#sendGoal, this.#cancelGoal, this.#getResult].map((each) =>
        each.waitForServer(options),
      ),
    );
    return found.every(Boolean);
  }

  async send(
    goalCdr: Uint8Array,
    options: { readonly timeoutMs: number; readonly onFeedback?: (cdr: Uint8Array) => void },
  ): Promise<SentGoal | undefined> {
    const id = randomBytes(16).toString("hex");
    if (options.onFeedback !== undefined) this.#listeners.set(id, options.onFeedback);
    try {
      const response = await this.#sendGoal.call(withGoalId(id, goalCdr), options);
      if (sendGoalResponse.read(response).accepted) return this.#sent(id);
    } catch (error) {
      this.#listeners.delete(id);
      throw error;
    }
    this.#listeners.delete(id);
    return undefined;
  }

  close(): void {
    for (const client of [this.#sendGoal, this.#cancelGoal, this.#getResult]) client.close();
    this.#feedback.close();
    this.#listeners.clear();
  }

  #sent(id: string): SentGoal {
    return {
      id,
      result: async (options) => {
        const request = resultRequest.write({ goal_id: uuidOf(id) });
        const outcome = this.#outcome(await this.#getResult.call(request, options));
        this.#listeners.delete(id);
        return outcome;
      },
      cancel: async (options) => {
        const stamp = { sec: 0, nanosec: 0 };
        const request = cancelRequest.write({ goal_info: { goal_id: uuidOf(id), stamp } });
        const response = cancelResponse.read(await this.#cancelGoal.call(request, options));
        return response.goals_canceling.some(({ goal_id }) => idOf(goal_id) === id);
      },
    };
  }

  #outcome(response: Uint8Array): GoalOutcome {
    const parts = splitStatus(this.action, response);
    const ends = Object.entries(statusOfEnd) as [GoalEnd, number][];
    const end = ends.find(([, status]) => status === parts?.status)?.[0];
    if (parts !== undefined && end !== undefined) return { end, resultCdr: parts.cdr };
    throw new BridgeError(
      ErrorCode.RosTransport,
      `${this.action.name} answered with status ${parts?.status ?? "none"}, expected an ended goal`,
    );
  }
}
