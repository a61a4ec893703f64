interface Place {
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}
type Page = Place & { readonly hidden: boolean };

/**
 * Calls `onAway` when the person leaves the page: the tab is hidden, the window loses focus, the
 * page goes away. Without a document (Node, React Native) it never does. Returns what ends the watch.
 */
export function watchPresence(onAway: () => void): () => void {
  const { document, window } = globalThis as { document?: Page; window?: Place };
  if (document === undefined || window === undefined) return () => undefined;
  const onVisibility = (): void => {
    if (document.hidden) onAway();
  };
  document.addEventListener("visibilitychange", onVisibility);
  window.addEventListener("blur", onAway);
  window.addEventListener("pagehide", onAway);
  return () => {
    document.removeEventListener("visibilitychange", onVisibility);
    window.removeEventListener("blur", onAway);
    window.removeEventListener("pagehide", onAway);
  };
}

/** Calls `onChange` when the page is hidden and when it is shown again; never where there is no page. */
export function watchVisibility(onChange: (visible: boolean) => void): () => void {
  const { document } = globalThis as { document?: Page };
  if (document === undefined) return () => undefined;
  const listener = (): void => {
    onChange(!document.hidden);
  };
  document.addEventListener("visibilitychange", listener);
  return () => {
    document.removeEventListener("visibilitychange", listener);
  };
}
