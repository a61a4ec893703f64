import type { GoalEnd } from "../actions/action-port.ts";

interface OfAction {
  readonly endpointId: number;
}
/** `goalId`: 32 hexadecimal digits on a server, whatever the owner chose on a client. */
interface OfGoal extends OfAction {
  readonly goalId: string;
}

/** The host protocol's part of actions. `cdr` is the goal, the feedback, or the result. */
export type ToActionHost =
  | (OfAction & { readonly kind: "serve-action"; readonly name: string; readonly type: string })
  | (OfAction & {
      readonly kind: "open-action-client";
      readonly name: string;
      readonly type: string;
    })
  | (OfAction & { readonly kind: "close-action" })
  | (OfGoal & { readonly kind: "goal-decision"; readonly isAccepted: boolean })
  | (OfGoal & { readonly kind: "cancel-decision"; readonly isAccepted: boolean })
  | (OfGoal & { readonly kind: "goal-feedback"; readonly cdr: Uint8Array })
  | (OfGoal & { readonly kind: "goal-done"; readonly end: GoalEnd; readonly cdr: Uint8Array })
  | (OfGoal & { readonly kind: "send-goal"; readonly cdr: Uint8Array })
  | (OfGoal & { readonly kind: "send-cancel" });

export type FromActionHost =
  | (OfGoal & { readonly kind: "goal-asked"; readonly cdr: Uint8Array })
  | (OfGoal & { readonly kind: "goal-started" })
  | (OfGoal & { readonly kind: "cancel-asked" })
  | (OfAction & { readonly kind: "action-servers"; readonly isThere: boolean })
  | (OfGoal & { readonly kind: "goal-answered"; readonly isAccepted: boolean })
  | (OfGoal & { readonly kind: "cancel-answered"; readonly isCanceling: boolean })
  | (OfGoal & { readonly kind: "feedback-came"; readonly cdr: Uint8Array })
  | (OfGoal & { readonly kind: "goal-ended"; readonly end: GoalEnd; readonly cdr: Uint8Array })
  | (OfGoal & { readonly kind: "goal-failed"; readonly text: string });

const toKinds: ReadonlySet<string> = new Set<ToActionHost["kind"]>([
  "serve-action",
  "open-action-client",
  "close-action",
  "goal-decision",
  "cancel-decision",
  "goal-feedback",
  "goal-done",
  "send-goal",
  "send-cancel",
]);
const fromKinds: ReadonlySet<string> = new Set<FromActionHost["kind"]>([
  "goal-asked",
  "goal-started",
  "cancel-asked",
  "action-servers",
  "goal-answered",
  "cancel-answered",
  "feedback-came",
  "goal-ended",
  "goal-failed",
]);

export function isForActions(note: { readonly kind: string }): note is ToActionHost {
  return toKinds.has(note.kind);
}

export function isFromActions(note: { readonly kind: string }): note is FromActionHost {
  return fromKinds.has(note.kind);
}
