import { loadSettings, saveSettings, type Settings } from "./settings.ts";

type Theme = Settings["theme"];

const order: readonly Theme[] = ["auto", "light", "dark"];
const changed = new EventTarget();

// Runs before the first paint: the script blocks rendering, so that nothing flashes.
apply(loadSettings().theme);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", tellChange);

export function currentTheme(): Theme {
  return loadSettings().theme;
}

/** Goes on to the next choice and says which that is. */
export function nextTheme(): Theme {
  const next = order[(order.indexOf(currentTheme()) + 1) % order.length] ?? "auto";
  saveSettings({ theme: next });
  apply(next);
  tellChange();
  return next;
}

/** Called whenever colours may have changed. */
export function onThemeChange(listener: () => void): void {
  changed.addEventListener("change", listener);
}

function apply(theme: Theme): void {
  document.documentElement.dataset["theme"] = theme;
}

function tellChange(): void {
  changed.dispatchEvent(new Event("change"));
}
