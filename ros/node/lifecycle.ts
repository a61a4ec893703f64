import { errorText } from "../../bridge/contract/errors.ts";
import type { Log } from "../../bridge/contract/log.ts";
import {
  LifecycleState,
  lifecycleTransitions,
  transitionFrom,
  transitionsFrom,
  type Labelled,
  type LifecycleRequest,
  type LifecycleTransition,
} from "./lifecycle-graph.ts";

/** `failure`: stays where it was, as if nothing had been asked. */
export type TransitionOutcome = "success" | "failure";

/**
 * What the transitions do. Throwing is an error: the node then passes through `errorprocessing`, where
 * `onError` decides whether it can start anew (`success`, unconfigured) or not (`failure`, finalized).
 */
export type LifecycleCallbacks = Readonly<
  Record<LifecycleRequest | "onError", () => Promise<TransitionOutcome>>
>;

/** lifecycle_msgs/msg/Transition TRANSITION_CALLBACK_ERROR: no transition of the graph leads from rest to an error. */
const callbackError = 99;

export type TransitionListener = (transition: LifecycleTransition) => void;

/**
 * The state of a managed node (design.ros2.org/articles/node_lifecycle.html). One transition at a
 * time; asking for one that does not lead out of the present state changes nothing.
 */
export class Lifecycle {
  readonly #callbacks: LifecycleCallbacks;
  readonly #log: Log;
  readonly #listeners = new Set<TransitionListener>();
  #state: Labelled = LifecycleState.unconfigured;
  #running: Promise<boolean> | undefined;

  constructor(callbacks: LifecycleCallbacks, log: Log) {
    this.#callbacks = callbacks;
    this.#log = log;
  }

  get state(): Labelled {
    return this.#state;
  }

  get isActive(): boolean {
    return this.#state.id === LifecycleState.active.id;
  }

  /** Called at every edge: into a passing state, and out of it. */
  onTransition(listener: TransitionListener): void {
    this.#listeners.add(listener);
  }

  /** What may be asked for now; empty while a transition runs. */
  available(): readonly LifecycleTransition[] {
    return transitionsFrom(this.#state);
  }

  /**
   * By label, or by number where there is no label, as `ros2 lifecycle set` and rclcpp do.
   *
   * @returns true if the node has arrived where the transition leads.
   */
  async change(wanted: { readonly id: number; readonly label: string }): Promise<boolean> {
    const found = this.available().find(({ id, label }) =>
      wanted.label === "" ? id === wanted.id : label === wanted.label,
    );
    if (found === undefined || !isRequest(found)) {
      const asked = wanted.label === "" ? String(wanted.id) : wanted.label;
      const possible = this.available().filter(isRequest);
      this.#log.warn(
        {
          asked,
          state: this.#state.label,
          possible: possible.map(({ label }) => label).join(", "),
        },
        "lifecycle transition refused",
      );
      return false;
    }
    return await this.#run(() => this.#pass(found, found.label as LifecycleRequest));
  }

  /** Something has failed on its own: to `errorprocessing` and on, unless it is there already. */
  async fail(): Promise<void> {
    await this.#running;
    const { unconfigured, finalized, errorprocessing } = LifecycleState;
    const resting: readonly number[] = [unconfigured.id, finalized.id, errorprocessing.id];
    if (resting.includes(this.#state.id)) return;
    const from = this.#state;
    await this.#run(() => {
      this.#move({
        id: callbackError,
        label: "transition_error",
        start: from,
        goal: errorprocessing,
      });
      return this.#afterError();
    });
  }

  async #run(work: () => Promise<boolean>): Promise<boolean> {
    this.#running = work();
    try {
      return await this.#running;
    } finally {
      this.#running = undefined;
    }
  }

  async #pass(transition: LifecycleTransition, request: LifecycleRequest): Promise<boolean> {
    this.#move(transition);
    try {
      const outcome = await this.#callbacks[request]();
      this.#end(outcome);
      return outcome === "success";
    } catch (error) {
      this.#log.error({ request, text: errorText(error) }, "lifecycle transition failed");
      const { label } = transition.goal;
      const failed = lifecycleTransitions.find(
        ({ start, label: name }) => start.label === label && name === "transition_error",
      );
      if (failed !== undefined) this.#move(failed);
      return await this.#afterError();
    }
  }

  async #afterError(): Promise<boolean> {
    const outcome = await this.#callbacks.onError().catch((error: unknown): TransitionOutcome => {
      this.#log.error({ text: errorText(error) }, "error handling failed");
      return "failure";
    });
    this.#end(outcome);
    return false;
  }

  #end(outcome: TransitionOutcome): void {
    const out = transitionFrom(this.#state, `transition_${outcome}`);
    if (out !== undefined) this.#move(out);
  }

  #move(transition: LifecycleTransition): void {
    this.#state = transition.goal;
    for (const listener of this.#listeners) listener(transition);
  }
}

const requests: readonly string[] = ["configure", "cleanup", "activate", "deactivate", "shutdown"];

const isRequest = ({ label }: LifecycleTransition): boolean => requests.includes(label);
