import type { Clock } from "../../bridge/contract/clock.ts";
import { errorText } from "../../bridge/contract/errors.ts";
import type { Log } from "../../bridge/contract/log.ts";
import type { RosNodeTransport, RosServiceServer } from "../../bridge/contract/ros-services.ts";
import type { RosPublisher } from "../../bridge/contract/ros-transport.ts";
import { rosTime } from "../messages/message-mapping.ts";
import type { RosTime } from "../messages/message-types.ts";
import type { ActionHandler, RosAction, RosActionServer } from "./action-port.ts";
import {
  actionEndpoints,
  CancelCode,
  cancelRequest,
  cancelResponse,
  GoalStatus,
  idOf,
  resultRequest,
  sendGoalResponse,
  splitGoalId,
  statusArray,
  statusOfEnd,
  uuidOf,
  withGoalId,
  withStatus,
} from "./action-wire.ts";

/** rcl's own: results are kept so long for clients that ask late. */
const resultKeptMs = 15 * 60_000;
/** Goals kept, running and ended. The oldest ended one makes room; a goal too many is rejected. */
const maxGoals = 64;

interface Goal {
  readonly id: string;
  readonly stamp: RosTime;
  readonly stampMs: number;
  readonly abort: AbortController;
  /** Resolves with the GetResult response. */
  readonly ended: Promise<Uint8Array>;
  status: GoalStatus;
  endedMs: number | undefined;
}

export interface ActionServerOptions {
  readonly clock: Clock;
  readonly log: Log;
}

/** An action server over the three services and two topics an action is made of. */
export class ServiceActionServer implements RosActionServer {
  readonly action: RosAction;
  readonly #handler: ActionHandler;
  readonly #options: ActionServerOptions;
  readonly #services: readonly RosServiceServer[];
  readonly #feedback: RosPublisher;
  readonly #status: RosPublisher;
  readonly #goals = new Map<string, Goal>();
  #isClosed = false;

  constructor(
    transport: RosNodeTransport,
    action: RosAction,
    handler: ActionHandler,
    options: ActionServerOptions,
  ) {
    this.action = action;
    this.#handler = handler;
    this.#options = options;
    const { sendGoal, cancelGoal, getResult, feedback, status } = actionEndpoints(action);
    this.#feedback = transport.advertise(feedback);
    this.#status = transport.advertise(status);
    this.#services = [
      transport.serve(cancelGoal, (cdr) => this.#cancel(cdr)),
      transport.serve(getResult, (cdr) => this.#result(cdr)),
      // Last: who sees it may rely on the others.
      transport.serve(sendGoal, (cdr) => this.#sendGoal(cdr)),
    ];
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const service of this.#services) service.close();
    for (const { abort } of this.#goals.values())
      abort.abort(new Error("the action server closed"));
  }

  async #sendGoal(requestCdr: Uint8Array): Promise<Uint8Array> {
    const request = splitGoalId(requestCdr);
    const stampMs = this.#options.clock.monotonicMs();
    const stamp = rosTime(this.#options.clock.stampNsAt(stampMs));
    const accepted = request !== undefined && (await this.#accepts(request.id, request.cdr));
    if (accepted) this.#start(request.id, request.cdr, { stamp, stampMs });
    return sendGoalResponse.write({ accepted, stamp });
  }

  async #accepts(id: string, goalCdr: Uint8Array): Promise<boolean> {
    this.#forgetOld();
    if (this.#isClosed || this.#goals.has(id) || this.#goals.size >= maxGoals) return false;
    try {
      return await this.#handler.accept(id, goalCdr);
    } catch (error) {
      this.#options.log.warn({ goal: id, error: errorText(error) }, "goal rejected");
      return false;
    }
  }

  #start(id: string, cdr: Uint8Array, at: Pick<Goal, "stamp" | "stampMs">): void {
    const abort = new AbortController();
    let settle: (response: Uint8Array) => void = () => undefined;
    const ended = new Promise<Uint8Array>((resolve) => {
      settle = resolve;
    });
    const status = GoalStatus.Accepted;
    const goal: Goal = { id, ...at, abort, ended, status, endedMs: undefined };
    this.#goals.set(id, goal);
    this.#publishStatus();
    // The client hears of its acceptance first, then of what comes of it.
    setImmediate(() => {
      if (goal.status === GoalStatus.Accepted) goal.status = GoalStatus.Executing;
      this.#publishStatus();
      void this.#run(goal, cdr).then(settle);
    });
  }

  async #run(goal: Goal, cdr: Uint8Array): Promise<Uint8Array> {
    const { id, abort } = goal;
    const feedback = (feedbackCdr: Uint8Array): void => {
      if (goal.endedMs === undefined && !this.#isClosed) {
        this.#feedback.publish(withGoalId(id, feedbackCdr));
      }
    };
    let resultCdr = this.action.emptyResultCdr;
    let status: GoalStatus = GoalStatus.Aborted;
    try {
      const outcome = await this.#handler.run({ id, cdr, signal: abort.signal, feedback });
      resultCdr = outcome.resultCdr;
      // Canceled is an answer to a request only.
      const isUnasked = outcome.end === "canceled" && goal.status !== GoalStatus.Canceling;
      status = isUnasked ? GoalStatus.Aborted : statusOfEnd[outcome.end];
    } catch (error) {
      this.#options.log.error({ goal: id, error: errorText(error) }, "goal aborted by an error");
    }
    goal.status = status;
    goal.endedMs = this.#options.clock.monotonicMs();
    if (!this.#isClosed) this.#publishStatus();
    return withStatus(this.action, status, resultCdr);
  }

  async #result(requestCdr: Uint8Array): Promise<Uint8Array> {
    const { goal_id } = resultRequest.read(requestCdr);
    const unknown = withStatus(this.action, GoalStatus.Unknown, this.action.emptyResultCdr);
    return (await this.#goals.get(idOf(goal_id))?.ended) ?? unknown;
  }

  async #cancel(requestCdr: Uint8Array): Promise<Uint8Array> {
    const { goal_info } = cancelRequest.read(requestCdr);
    const id = idOf(goal_info.goal_id);
    const named = /^0+$/.test(id) ? undefined : id;
    const meant = [...this.#goals.values()].filter((goal) => isMeant(goal, named, goal_info.stamp));
    const running = meant.filter((goal) => goal.endedMs === undefined);
    const answers = await Promise.all(running.map((goal) => this.#startCancel(goal)));
    const canceling = running.filter((_, index) => answers[index] === true);
    const code = cancelCode({ named, meant, running, canceling });
    const goals_canceling = canceling.map((goal) => ({
      goal_id: uuidOf(goal.id),
      stamp: goal.stamp,
    }));
    return cancelResponse.write({ return_code: code, goals_canceling });
  }

  async #startCancel(goal: Goal): Promise<boolean> {
    if (goal.status === GoalStatus.Canceling) return true;
    if (!(await this.#handler.mayCancel(goal.id)) || goal.endedMs !== undefined) return false;
    goal.status = GoalStatus.Canceling;
    this.#publishStatus();
    // The answer to the request leaves first.
    setImmediate(() => {
      goal.abort.abort(new Error("the goal was canceled"));
    });
    return true;
  }

  #publishStatus(): void {
    const status_list = [...this.#goals.values()].map(({ id, stamp, status }) => ({
      goal_info: { goal_id: uuidOf(id), stamp },
      status,
    }));
    this.#status.publish(statusArray.write({ status_list }));
  }

  #forgetOld(): void {
    const nowMs = this.#options.clock.monotonicMs();
    for (const goal of this.#goals.values()) {
      if (goal.endedMs === undefined) continue;
      const isOld = nowMs - goal.endedMs > resultKeptMs;
      if (isOld || this.#goals.size >= maxGoals) this.#goals.delete(goal.id);
    }
  }
}

/** The four cases of action_msgs/srv/CancelGoal: by id, all up to a time, both, or all. */
function isMeant(goal: Goal, id: string | undefined, upTo: RosTime): boolean {
  const hasTime = upTo.sec !== 0 || upTo.nanosec !== 0;
  if (id === goal.id) return true;
  if (!hasTime) return id === undefined;
  const { sec, nanosec } = goal.stamp;
  return sec < upTo.sec || (sec === upTo.sec && nanosec <= upTo.nanosec);
}

function cancelCode(found: {
  readonly named: string | undefined;
  readonly meant: readonly Goal[];
  readonly running: readonly Goal[];
  readonly canceling: readonly Goal[];
}): number {
  if (found.canceling.length > 0) return CancelCode.None;
  if (found.running.length > 0) return CancelCode.Rejected;
  if (found.named === undefined) return CancelCode.None;
  return found.meant.length > 0 ? CancelCode.GoalTerminated : CancelCode.UnknownGoalId;
}
