import type { ControlClient } from "../client/index.ts";
import { elementById, make, setPill, setText } from "./dom.ts";
import { fixed, linkWords, msText } from "./words.ts";

/** Losses are told for this long after they happened. */
const lossMemoryMs = 10_000;

export interface LinkFacts {
  readonly client: ControlClient | undefined;
  readonly commandAgeMs: number | undefined;
  readonly dataAgeMs: number | undefined;
}

/** How good the connection is: in words, and in figures for those who want them. */
export class LinkPanel {
  readonly #losses: { readonly atMs: number; readonly count: number }[] = [];
  #lostTotal = 0;
  #reconnectCount = 0;

  noteLoss(count: number): void {
    this.#lostTotal += count;
    this.#losses.push({ atMs: performance.now(), count });
  }

  noteReconnect(): void {
    this.#reconnectCount += 1;
  }

  show({ client, commandAgeMs, dataAgeMs }: LinkFacts): void {
    const clock = client?.clock;
    const said = linkWords({
      isOpen: client?.isOpen === true,
      roundTripMs: clock?.roundTripMs,
      dataAgeMs,
      lostLately: this.#lostLately(),
    });
    setPill(elementById("connection"), { text: said.short, tone: said.tone });
    elementById("connection").setAttribute("aria-label", `connection: ${said.text}`);
    setText(elementById("link-words"), said.text);
    elementById("link-words").dataset["tone"] = said.tone;
    const drift = clock?.driftPpm;
    this.#write([
      ["Round trip", `${msText(clock?.roundTripMs)} ms`, "of the last clock comparison"],
      [
        "Command age",
        `${msText(commandAgeMs ?? clock?.uncertaintyMs)} ms`,
        "from here to the server",
      ],
      ["Picture data", `${msText(dataAgeMs)} ms`, "since the last news"],
      [
        "Clock offset",
        clock === undefined ? "–" : `${msText(clock.offsetMs)} ms`,
        clock === undefined
          ? "not compared yet"
          : `± ${msText(clock.uncertaintyMs)} ms, ${clock.state}`,
      ],
      ["Clock drift", drift === undefined ? "–" : `${fixed(drift, 1)} ppm`, "after one minute"],
      ["Dropped here", String(this.#lostTotal), "messages this page did not read in time"],
      ["Reconnects", String(this.#reconnectCount), "since the page was opened"],
      [
        "Session",
        client?.welcome.session.slice(0, 8) ?? "–",
        `as ${client?.welcome.role ?? "nobody"}`,
      ],
      ["Server run", client?.welcome.epoch.slice(0, 8) ?? "–", "leases of other runs are void"],
    ]);
  }

  #write(rows: readonly (readonly [string, string, string])[]): void {
    const list = elementById("link-facts");
    while (list.childElementCount < rows.length) {
      const row = make("div", { className: "figure" });
      row.append(make("dt"), make("dd"), make("dd", { className: "quiet" }));
      list.append(row);
    }
    rows.forEach((texts, i) => {
      texts.forEach((text, k) => {
        const cell = list.children[i]?.children[k];
        if (cell instanceof HTMLElement) setText(cell, text);
      });
    });
  }

  #lostLately(): number {
    const sinceMs = performance.now() - lossMemoryMs;
    while ((this.#losses[0]?.atMs ?? sinceMs) < sinceMs) this.#losses.shift();
    return this.#losses.reduce((sum, { count }) => sum + count, 0);
  }
}
