import { byId, elementById, make, setText } from "./dom.ts";
import type { Identity } from "./identity.ts";
import { durationText, refusalWords } from "./words.ts";

interface PairedClient {
  readonly keyId: string;
  readonly name: string;
  readonly role: string;
  readonly expiresAtMs: number;
  readonly revoked: boolean;
}

interface Offer {
  readonly code: string;
  readonly svg: string;
  readonly role: string;
  readonly expiresAtMs: number;
}

const refreshMs = 3000;

/** Who may come in: a code for a new phone, and the list of those who are paired. For supervisors. */
export class PeoplePanel {
  readonly #identity: Identity;
  #offer: Offer | undefined;
  #refresh: ReturnType<typeof setInterval> | undefined;

  constructor(identity: Identity) {
    this.#identity = identity;
    byId("offer-form", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#makeOffer();
    });
    setInterval(() => {
      this.#writeOffer();
    }, 1000);
  }

  /** @param role of this page's session. */
  async show(role: string): Promise<void> {
    const isSupervisor = role === "supervisor";
    const { isPairedOnly } = this.#identity;
    elementById("offer-form").hidden = !(isPairedOnly && isSupervisor);
    setText(elementById("people-words"), introduction(isPairedOnly, role));
    clearInterval(this.#refresh);
    if (!isPairedOnly || !isSupervisor) return;
    await this.#list();
    this.#refresh = setInterval(() => {
      if (!elementById("people").hidden) void this.#list();
    }, refreshMs);
  }

  async #makeOffer(): Promise<void> {
    const role = byId("offer-role", HTMLSelectElement).value;
    const offer = await this.#ask<Offer>("/v1/pair/offers", { role });
    if (offer === undefined) return;
    this.#offer = offer;
    const image = byId("offer-code", HTMLImageElement);
    image.src = `data:image/svg+xml,${encodeURIComponent(offer.svg)}`;
    image.alt = `QR code to pair as ${offer.role}`;
    setText(elementById("offer-text"), offer.code);
    this.#writeOffer();
  }

  /** A code that has ended is taken away: nobody shall wonder why it does not work. */
  #writeOffer(): void {
    const leftMs = (this.#offer?.expiresAtMs ?? 0) - Date.now();
    elementById("offer").hidden = leftMs <= 0;
    setText(elementById("offer-left"), `for ${durationText(leftMs)} more`);
  }

  async #list(): Promise<void> {
    const answer = await this.#ask<{ readonly clients: readonly PairedClient[] }>(
      "/v1/pair/clients",
    );
    if (answer === undefined) return;
    elementById("clients").replaceChildren(...answer.clients.map((client) => this.#row(client)));
  }

  #row(client: PairedClient): HTMLLIElement {
    const { keyId, name, role, revoked } = client;
    const isOwn = keyId === this.#identity.keyId;
    const row = make("li");
    row.toggleAttribute("data-gone", revoked);
    const about = make("div");
    const who = make("b", { text: isOwn ? `${name} (this page)` : name });
    about.append(who, make("div", { className: "quiet", text: `${role} · ${untilText(client)}` }));
    row.append(about);
    if (revoked) return row;
    const button = make("button", { className: "button", text: "Shut out" });
    button.type = "button";
    button.setAttribute("aria-label", `Shut out ${name}`);
    button.addEventListener("click", () => {
      // Twice, since it cannot be undone.
      if (button.textContent === "Shut out") button.textContent = "Really?";
      else void this.#revoke(keyId);
    });
    row.append(button);
    return row;
  }

  async #revoke(keyId: string): Promise<void> {
    await this.#ask("/v1/pair/revoke", { keyId, reason: "by a supervisor's page" });
    await this.#list();
  }

  /** Undefined where it was refused; the reason is then shown. */
  async #ask<T>(path: string, body?: object): Promise<T | undefined> {
    const { server, token } = this.#identity;
    const answer = await fetch(`${server}${path}`, {
      method: body === undefined ? "GET" : "POST",
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch(() => undefined);
    if (answer?.ok === true) return (await answer.json()) as T;
    const refusal: unknown = await answer?.json().catch(() => undefined);
    const { code = "", message = "" } = (refusal ?? {}) as {
      readonly code?: string;
      readonly message?: string;
    };
    setText(elementById("people-words"), refusalWords(code || "client/closed", message));
    return undefined;
  }
}

function introduction(isPairedOnly: boolean, role: string): string {
  if (!isPairedOnly) {
    return "Whoever sits at this machine may drive. To let in phones, set security.auth to paired.";
  }
  return role === "supervisor"
    ? "Paired clients may come in, each as what it was let in as."
    : `You are paired as ${role}. Supervisors see who else is.`;
}

function untilText({ revoked, expiresAtMs }: PairedClient): string {
  if (revoked) return "shut out";
  const days = (expiresAtMs - Date.now()) / 86_400_000;
  if (days <= 0) return "ended";
  return days < 2 ? `${Math.ceil(days * 24)} h left` : `${Math.floor(days)} days left`;
}
