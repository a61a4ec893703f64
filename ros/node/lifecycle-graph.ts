/** A state or a transition: number and label as in lifecycle_msgs. */
export interface Labelled {
  readonly id: number;
  readonly label: string;
}

export interface LifecycleTransition extends Labelled {
  readonly start: Labelled;
  readonly goal: Labelled;
}

/** The primary states, in which a node rests, and those it passes through (lifecycle_msgs/msg/State). */
export const LifecycleState = {
  unconfigured: { id: 1, label: "unconfigured" },
  inactive: { id: 2, label: "inactive" },
  active: { id: 3, label: "active" },
  finalized: { id: 4, label: "finalized" },
  configuring: { id: 10, label: "configuring" },
  cleaningup: { id: 11, label: "cleaningup" },
  shuttingdown: { id: 12, label: "shuttingdown" },
  activating: { id: 13, label: "activating" },
  deactivating: { id: 14, label: "deactivating" },
  errorprocessing: { id: 15, label: "errorprocessing" },
} as const;

/** What a node can be asked for. */
export type LifecycleRequest = "configure" | "cleanup" | "activate" | "deactivate" | "shutdown";

const s = LifecycleState;

function transition(id: number, label: string, start: Labelled, goal: Labelled) {
  return { id, label, start, goal };
}

/** How the callback of a passing state may end: numbers from `id`, in this order. */
function outcomes(id: number, passing: Labelled, success: Labelled, failure: Labelled) {
  return [
    transition(id, "transition_success", passing, success),
    transition(id + 1, "transition_failure", passing, failure),
    transition(id + 2, "transition_error", passing, s.errorprocessing),
  ];
}

/** The whole graph, as rcl_lifecycle has it: numbers of lifecycle_msgs/msg/Transition. */
export const lifecycleTransitions: readonly LifecycleTransition[] = [
  transition(1, "configure", s.unconfigured, s.configuring),
  ...outcomes(10, s.configuring, s.inactive, s.unconfigured),
  transition(2, "cleanup", s.inactive, s.cleaningup),
  ...outcomes(20, s.cleaningup, s.unconfigured, s.inactive),
  transition(3, "activate", s.inactive, s.activating),
  ...outcomes(30, s.activating, s.active, s.inactive),
  transition(4, "deactivate", s.active, s.deactivating),
  ...outcomes(40, s.deactivating, s.inactive, s.active),
  transition(5, "shutdown", s.unconfigured, s.shuttingdown),
  transition(6, "shutdown", s.inactive, s.shuttingdown),
  transition(7, "shutdown", s.active, s.shuttingdown),
  ...outcomes(50, s.shuttingdown, s.finalized, s.finalized),
  transition(60, "transition_success", s.errorprocessing, s.unconfigured),
  transition(61, "transition_failure", s.errorprocessing, s.finalized),
  transition(62, "transition_error", s.errorprocessing, s.finalized),
];

/** The transitions that lead out of a state. */
export function transitionsFrom(state: Labelled): readonly LifecycleTransition[] {
  return lifecycleTransitions.filter(({ start }) => start.id === state.id);
}

/** The transition of this label out of a state. */
export function transitionFrom(state: Labelled, label: string): LifecycleTransition | undefined {
  return transitionsFrom(state).find((each) => each.label === label);
}
