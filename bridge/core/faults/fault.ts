/** The places in the loop where something can be made to fail: one wrapper of a port each. */
export const faultPlaces = [
  "joints",
  "camera",
  "driver",
  "model",
  "control",
  "main",
  "clock",
  "sim",
] as const;
export type FaultPlace = (typeof faultPlaces)[number];

/** What the number after `=` means. `none`: the kind takes no number. */
export type FaultUnit = "ms" | "ratio" | "rad" | "radPerS" | "none";

/** How one kind of fault of one place is written and what it does. */
export interface FaultKind {
  readonly unit: FaultUnit;
  /** Happens once, at its start; a duration means nothing. */
  readonly once?: true;
  /** May be narrowed to one axis: `joints:yaw.nan@2s`. */
  readonly perAxis?: true;
  /** A signed number is meant: an offset rather than a size. */
  readonly signed?: true;
  /** Only the lockstep simulation can do it: in the running service nothing could be wrapped. */
  readonly lockstepOnly?: true;
  /** Only the running service has the part. */
  readonly serviceOnly?: true;
  readonly meaning: string;
}

const link = {
  delay: { unit: "ms", meaning: "arrives later, by the value plus or minus the spread" },
  jitter: { unit: "ms", meaning: "arrives later, by 0 to the value" },
  loss: { unit: "ratio", meaning: "this share never arrives" },
  duplicate: { unit: "ratio", meaning: "this share arrives twice" },
  reorder: { unit: "ratio", meaning: "this share is overtaken by what came after it" },
} as const satisfies Readonly<Record<string, FaultKind>>;

/** The same kinds, all with a mark. */
const marked = <K extends Readonly<Record<string, FaultKind>>>(
  mark: "lockstepOnly" | "serviceOnly",
  kinds: K,
): Readonly<Record<keyof K & string, FaultKind>> =>
  Object.fromEntries(
    Object.entries(kinds).map(([name, kind]) => [name, { ...kind, [mark]: true }]),
  ) as Readonly<Record<keyof K & string, FaultKind>>;

/** Every fault there is. `joints` is what is known of the joints, `driver` what the device is told. */
export const faultCatalogue: Readonly<Record<FaultPlace, Readonly<Record<string, FaultKind>>>> = {
  joints: {
    ...link,
    freeze: {
      unit: "none",
      perAxis: true,
      meaning: "values stand still while their stamps go on, as of a stuck encoder",
    },
    dropout: { unit: "none", meaning: "no sample arrives" },
    nan: { unit: "none", perAxis: true, meaning: "values are not numbers" },
    saturate: { unit: "rad", perAxis: true, meaning: "positions read no further than this from 0" },
    skew: { unit: "ms", signed: true, meaning: "stamps are off by this much" },
  },
  camera: marked("serviceOnly", {
    ...link,
    freeze: { unit: "none", meaning: "the same picture comes again, with new stamps" },
    dropout: { unit: "none", meaning: "no picture comes" },
  }),
  driver: {
    ...link,
    freeze: { unit: "none", meaning: "setpoints are ignored; telemetry goes on" },
    timeout: { unit: "none", meaning: "the link is dead both ways" },
    brownout: {
      unit: "none",
      meaning: "the device restarts: holds, and the link is dead both ways",
    },
    saturate: { unit: "radPerS", meaning: "the device moves no faster than this" },
    error: { unit: "none", once: true, meaning: "writing the next setpoint throws" },
  },
  model: {
    delay: link.delay,
    jitter: link.jitter,
    loss: { unit: "ratio", meaning: "this share of the predictions fails" },
    freeze: { unit: "none", meaning: "the same prediction comes again, with new stamps" },
    nan: { unit: "none", perAxis: true, meaning: "predicted numbers are not numbers" },
    timeout: { unit: "none", meaning: "every call fails" },
  },
  control: marked("lockstepOnly", {
    ...link,
    freeze: { unit: "none", meaning: "messages wait, and arrive in a bunch at the end" },
    dropout: { unit: "none", meaning: "messages are lost; nobody notices a closed socket" },
    disconnect: { unit: "none", once: true, meaning: "every socket closes" },
  }),
  main: marked("lockstepOnly", {
    stall: { unit: "none", meaning: "the main thread does nothing: no heartbeat, no messages" },
  }),
  clock: {
    step: { unit: "ms", once: true, signed: true, meaning: "the wall clock jumps" },
    suspend: {
      unit: "ms",
      once: true,
      lockstepOnly: true,
      meaning: "the machine slept: every thread's time jumps ahead",
    },
  },
  sim: marked("lockstepOnly", {
    freeze: { unit: "none", meaning: "physics stands still and gives no samples" },
    nan: { unit: "none", meaning: "the state is not a number" },
    brownout: { unit: "none", meaning: "the servos lose power and the joints go limp" },
    saturate: { unit: "radPerS", meaning: "the joints follow no faster than this" },
  }),
};

/** One fault of one run. Times count from the start of the run. */
export interface Fault {
  readonly place: FaultPlace;
  readonly kind: string;
  /** Undefined: all axes. */
  readonly axis?: string;
  /** In the unit of its kind; 0 for kinds without a number. */
  readonly value: number;
  /** Half the width of a uniform spread about the value, in its unit. */
  readonly spread: number;
  readonly startMs: number;
  /** Infinity: to the end of the run. */
  readonly durationMs: number;
}
