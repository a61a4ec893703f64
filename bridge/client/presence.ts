interface Place {
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}

/**
 * Calls `onAway` when the person leaves the page: the tab is hidden, the window loses focus, the
 * page goes away. Without a document (Node, React Native) it never does. Returns what ends the watch.
 */
export function watchPresence(onAway: () => void): () => void {
  const { document, window } = globalThis as {
    document?: Place & { readonly hidden: boolean };
    window?: Place;
  };
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
