import { elementById } from "./dom.ts";

/** Where there is room, control and joints stand beside the tabs instead of among them. */
const roomy = matchMedia("(min-width: 1000px)");
const alwaysShownWhenRoomy: ReadonlySet<string> = new Set(["drive", "joints"]);

/** One panel at a time, as WAI-ARIA's tabs pattern has it: arrows move, the chosen tab alone is in the tab order. */
export class Tabs {
  readonly #tabs: readonly HTMLElement[];
  #chosen = "drive";

  constructor() {
    const list = elementById("tabs");
    this.#tabs = [...list.querySelectorAll<HTMLElement>("[role=tab]")];
    for (const tab of this.#tabs) {
      tab.addEventListener("click", () => {
        this.choose(panelOf(tab));
      });
    }
    list.addEventListener("keydown", (event) => {
      this.#onKey(event);
    });
    roomy.addEventListener("change", () => {
      this.#show();
    });
    this.#show();
  }

  /** Does a person see this panel? What is not seen need not be drawn. */
  isShown(panel: string): boolean {
    return !elementById(panel).hidden;
  }

  choose(panel: string): void {
    this.#chosen = panel;
    this.#show();
  }

  #offered(): readonly HTMLElement[] {
    return this.#tabs.filter((tab) => !roomy.matches || !alwaysShownWhenRoomy.has(panelOf(tab)));
  }

  #show(): void {
    const offered = this.#offered();
    const first = offered[0];
    const chosen = offered.find((tab) => panelOf(tab) === this.#chosen) ?? first;
    for (const tab of this.#tabs) {
      const panel = elementById(panelOf(tab));
      const isOffered = offered.includes(tab);
      const isChosen = tab === chosen;
      tab.hidden = !isOffered;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      panel.hidden = isOffered && !isChosen;
      panel.setAttribute("role", isOffered ? "tabpanel" : "region");
    }
  }

  #onKey(event: KeyboardEvent): void {
    const offered = this.#offered();
    const at = offered.findIndex((tab) => tab.getAttribute("aria-selected") === "true");
    const next = {
      ArrowLeft: at - 1,
      ArrowRight: at + 1,
      Home: 0,
      End: offered.length - 1,
    }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    const tab = offered[(next + offered.length) % offered.length];
    if (tab === undefined) return;
    this.choose(panelOf(tab));
    tab.focus();
  }
}

function panelOf(tab: HTMLElement): string {
  return tab.getAttribute("aria-controls") ?? "";
}
