import type { FollowEnd, StateMessage } from "../client/index.ts";

/** Text for people. Everything here is pure: what is said depends on what is passed, and on nothing else. */
export type Tone = "good" | "warn" | "bad" | "wait" | "none";

export interface Said {
  readonly text: string;
  readonly tone: Tone;
}

export interface Holding {
  /** Undefined while nobody holds the device. */
  readonly holder: string | undefined;
  readonly isMine: boolean;
  /** Since this page knows of it. */
  readonly heldMs: number;
  /** Since the holder is silent; undefined while it answers. */
  readonly silentMs: number | undefined;
  /** How long a silent holder's session is kept, from when its silence was told. */
  readonly graceMs: number;
}

export function holdingWords(holding: Holding): Said {
  const { holder, isMine, heldMs, silentMs, graceMs } = holding;
  if (holder === undefined) return { text: "Nobody is in control", tone: "none" };
  if (silentMs !== undefined) {
    const left = Math.max(0, Math.ceil((graceMs - silentMs) / 1000));
    const who = isMine ? "This page is" : `${holder} is`;
    return { text: `${who} silent · free in ${left} s`, tone: "warn" };
  }
  const who = isMine ? "You are in control" : `${holder} is in control`;
  return { text: `${who} · ${durationText(heldMs)}`, tone: isMine ? "good" : "warn" };
}

export function modeWords(state: Pick<StateMessage, "mode" | "moving" | "latched">): Said {
  if (state.latched) return { text: "emergency stop", tone: "bad" };
  if (state.moving && state.mode === "active") return { text: "moving", tone: "good" };
  switch (state.mode) {
    case "active":
      return { text: "ready", tone: "good" };
    case "stopping":
      return { text: "stopping", tone: "warn" };
    case "inactive":
      return { text: "drives off", tone: "none" };
    case "latched":
      return { text: "emergency stop", tone: "bad" };
    case "fault":
      return { text: "fault", tone: "bad" };
    default:
      return state.mode satisfies never;
  }
}

export interface Link {
  readonly isOpen: boolean;
  readonly roundTripMs: number | undefined;
  /** Since the newest state came. */
  readonly dataAgeMs: number | undefined;
  /** Messages this page was too slow for in the last while. */
  readonly lostLately: number;
}

/** One sentence on the connection, with what a person can do about it. */
export function linkWords(link: Link): Said & { readonly short: string } {
  const { isOpen, roundTripMs, dataAgeMs, lostLately } = link;
  if (!isOpen) {
    return {
      text: "No connection. The device has been stopped; this page goes on trying.",
      short: "no connection",
      tone: "bad",
    };
  }
  if (roundTripMs === undefined || dataAgeMs === undefined) {
    return { text: "Connecting.", short: "connecting", tone: "wait" };
  }
  if (dataAgeMs > 1000) {
    return {
      text: `No news from the device for ${(dataAgeMs / 1000).toFixed(0)} s. Do not trust the picture.`,
      short: "no data",
      tone: "bad",
    };
  }
  const short = `link ${msText(roundTripMs)} ms`;
  if (roundTripMs > 250) {
    return {
      text: "Slow: what you do shows late. Move slowly, or come closer to the network.",
      short,
      tone: "bad",
    };
  }
  if (roundTripMs > 80) {
    return { text: "Noticeable delay. Lower the speed.", short, tone: "warn" };
  }
  if (lostLately > 0) {
    return {
      text: "Commands arrive in time, but this screen is too slow for all pictures.",
      short,
      tone: "warn",
    };
  }
  return { text: "Good. Commands arrive at once.", short, tone: "good" };
}

export const notInControl = "You are not in control. Take control first.";

/** What a person can do about a refusal; the server's own words where there is nothing to add. */
export function refusalWords(code: string, message: string): string {
  const advice: Readonly<Record<string, string>> = {
    "lease/held": "Someone else is in control. Wait until they return it, or take it.",
    "lease/older": "Control went to someone else meanwhile. Take it again to go on.",
    "lease/revoked": "Control was taken from this page. Take it again to go on.",
    "lease/wrong-epoch": "The server began anew. Take control again to go on.",
    "lease/unmanaged": "The server does not know this device any more. Reload the page.",
    "command/latched": "Emergency stop is on. Reset it first, then take control.",
    "command/inactive": "The drives are off. Switch them on first.",
    "command/late": "The command came too late and was left out. Look at the connection.",
    "control/keepalive": "The connection hung for a moment, so the device was stopped.",
    "auth/required": "This robot lets in paired clients only. Pair this device first.",
    "auth/unknown": "This robot does not know this device any more. Pair it again.",
    "auth/expired": "The pairing has ended. Pair this device again.",
    "auth/revoked": "This device was shut out. Ask a supervisor for a new code.",
    "pair/code": "The code is wrong. Look at it again; it has eight letters and digits.",
    "pair/code-expired": "The code has ended. Ask for a new one.",
    "pair/code-used": "The code was used before. Ask for a new one.",
    "pair/rate": "Too many attempts. Wait a minute.",
    "pair/off": "Authentication is off here: there is nothing to pair with.",
    "client/fingerprint": "This is not the server the code is for. Do not go on.",
    "client/crypto": "This browser pairs over https only. Open the page by its https address.",
    "client/timeout": "No answer. Look at the connection and try again.",
    "client/closed": "There is no connection. The device has been stopped.",
    "client/connect": "The server cannot be reached. Is it running?",
    "client/lease-lost": notInControl,
  };
  const plain = message.replace(/^\[[^\]]*\] /, "");
  const known = advice[code];
  if (known === undefined) return plain === "" ? code : sentence(plain);
  // Who holds it is said by the server alone.
  return code === "lease/held" && plain.includes("held by")
    ? `${sentence(plain)} Wait until they return it, or take it.`
    : known;
}

/**
 * Why following ended, where the person does not know it from what they did.
 *
 * @param whyNot it cannot begin again now.
 */
export function followEndWords(
  { because, code = "", reason = "" }: FollowEnd,
  whyNot: string | undefined,
): string {
  switch (because) {
    case "refused":
      return `Following ended. ${refusalWords(code, reason)}`;
    case "stopped":
      // Switched off by hand, or because the target is gone.
      return whyNot === undefined ? "" : `Following ended. ${whyNot}`;
    case "away":
      return "Following ended: the page was left.";
    case "lease-lost":
    case "closed":
      // Told where everything that ends with them is told.
      return "";
    default:
      return because satisfies never;
  }
}

/** What is wrong with the service, as the server lists it. */
export function reasonsText(reasons: readonly string[]): string {
  return reasons.map(sentence).join(" ");
}

function sentence(text: string): string {
  const capital = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(capital) ? capital : `${capital}.`;
}

/** 0:07, 2:30, 1:02:09. */
export function durationText(ms: number): string {
  const total = Math.max(0, Math.floor(ms / 1000));
  const [hours, minutes, seconds] = [
    Math.floor(total / 3600),
    Math.floor(total / 60) % 60,
    total % 60,
  ];
  const tail = `${hours > 0 ? String(minutes).padStart(2, "0") : minutes}:${String(seconds).padStart(2, "0")}`;
  return hours > 0 ? `${hours}:${tail}` : tail;
}

/** Three figures are enough to judge a time by. */
export function msText(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return "–";
  if (Math.abs(ms) < 10) return fixed(ms, 1);
  return fixed(ms, 0);
}

/** How far ahead: +0.40 s. */
export function aheadText(aheadMs: number): string {
  return `+${(aheadMs / 1000).toFixed(2)} s`;
}

/** Degrees for the eye, radians stay on the wire. */
export function degreesText(rad: number): string {
  return `${fixed((rad * 180) / Math.PI, 1)}°`;
}

/** With a minus sign as wide as a digit, and none before zero. */
export function fixed(value: number, decimals: number): string {
  const text = value.toFixed(decimals);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}

export function percentText(ratio: number): string {
  return Number.isFinite(ratio) ? `${(ratio * 100).toFixed(0)} %` : "–";
}

export const notJudged = "not judged yet: nothing has moved";

export interface Skill {
  readonly horizonMs: number;
  readonly modelRmsRad: number;
  readonly holdRmsRad: number;
  readonly constantVelocityRmsRad: number;
}

/** How many times closer than the better of its baselines the model was. */
export function skillGain(skill: Skill): number {
  return Math.min(skill.holdRmsRad, skill.constantVelocityRmsRad) / skill.modelRmsRad;
}

/** What `skillGain` means, to follow the figure. */
export function skillWords(skill: Skill): string {
  const gain = skillGain(skill);
  if (!Number.isFinite(gain)) return notJudged;
  const isRest = skill.holdRmsRad <= skill.constantVelocityRmsRad;
  const rival = isRest ? "expecting rest" : "constant velocity";
  const at = aheadText(skill.horizonMs);
  if (gain >= 1.15) return `closer than ${rival}, ${at}`;
  if (gain > 0.87) return `about as close as ${rival}, ${at}`;
  return `worse than ${rival}, ${at}: do not rely on it now`;
}

export function coverageWords(coverageRatio: number): string {
  if (!Number.isFinite(coverageRatio)) return "";
  if (coverageRatio < 0.8) return "too sure of itself";
  return coverageRatio > 0.985 ? "more careful than needed" : "as it should be";
}
