/** Typed events by name; `on` returns what ends the listening. */
export class Listeners<Events> {
  readonly #byName = new Map<keyof Events, Set<(event: never) => void>>();

  on<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): () => void {
    const set = this.#byName.get(name) ?? new Set();
    this.#byName.set(name, set);
    set.add(listener);
    return () => {
      set.delete(listener);
    };
  }

  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    const set = this.#byName.get(name) as Set<(event: Events[Name]) => void> | undefined;
    for (const listener of set ?? []) listener(event);
  }
}
