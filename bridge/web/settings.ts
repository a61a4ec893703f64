/** What a person chose on this page, kept in this browser. */
export interface Settings {
  readonly theme: "auto" | "light" | "dark";
  readonly view: "split" | "ghost" | "live" | "auto";
  readonly aheadMs: number;
  readonly speedPercent: number;
}

const defaults: Settings = { theme: "auto", view: "auto", aheadMs: 400, speedPercent: 40 };
const key = "kairos-bridge.page";

export function loadSettings(): Settings {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(key) ?? "{}");
    return typeof stored === "object" ? merge(stored as Partial<Settings>) : defaults;
  } catch {
    return defaults;
  }
}

export function saveSettings(change: Partial<Settings>): void {
  try {
    localStorage.setItem(key, JSON.stringify({ ...loadSettings(), ...change }));
  } catch {
    // A browser that keeps nothing: the choice holds until the page is left.
  }
}

/** What an older page stored need not be what this one knows. */
function merge(stored: Partial<Settings>): Settings {
  const { theme, view, aheadMs, speedPercent } = { ...defaults, ...stored };
  return {
    theme: ["auto", "light", "dark"].includes(theme) ? theme : defaults.theme,
    view: ["auto", "split", "ghost", "live"].includes(view) ? view : defaults.view,
    aheadMs: within(aheadMs, [40, 1280]) ? aheadMs : defaults.aheadMs,
    speedPercent: within(speedPercent, [5, 100]) ? speedPercent : defaults.speedPercent,
  };
}

const within = (value: unknown, [low, high]: readonly [number, number]): boolean =>
  typeof value === "number" && value >= low && value <= high;
