import {
  ClientCode,
  connectControl,
  ControlError,
  type ConnectControlOptions,
  type ControlClient,
  type LeaseHandle,
  type LeaseHolder,
  type Motion,
} from "../client/index.ts";
import { refusalWords } from "./words.ts";

/** Who this page is to the server; asked anew before each attempt to connect. */
export type SessionIdentity = Pick<ConnectControlOptions, "role" | "client" | "token">;

export interface SessionView {
  /** A new session, or undefined while there is none. It never holds a lease at first. */
  onSession(client: ControlClient | undefined, reason: string): void;
  onLease(lease: LeaseHandle | undefined): void;
  onOwner(owner: LeaseHolder | null, stale: boolean): void;
  onNotice(text: string): void;
  /** Another motion is about to be asked for, or control about to be returned. */
  onMove(): void;
}

const retryMs = 1000;

/**
 * The page's control session. It is opened again after a loss, without its lease: somebody has to
 * take control anew before anything moves.
 */
export class ControlSession {
  readonly #url: string;
  readonly #view: SessionView;
  #client: ControlClient | undefined;
  #lease: LeaseHandle | undefined;
  #commandAgeMs: number | undefined;

  readonly #identity: () => SessionIdentity;

  constructor(url: string, identity: () => SessionIdentity, view: SessionView) {
    this.#url = url;
    this.#identity = identity;
    this.#view = view;
  }

  get client(): ControlClient | undefined {
    return this.#client;
  }

  get lease(): LeaseHandle | undefined {
    return this.#lease?.isHeld === true ? this.#lease : undefined;
  }

  /** Connects, and goes on trying. */
  async run(): Promise<never> {
    for (;;) {
      try {
        await this.#connectOnce();
      } catch (error) {
        this.#view.onSession(undefined, textOf(error));
      }
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }

  async take(options: { readonly byForce: boolean }): Promise<void> {
    await this.#try(async (client, device) => {
      const lease = options.byForce ? await client.take(device) : await client.acquire(device);
      this.#setLease(lease);
    });
  }

  async release(): Promise<void> {
    await this.#try(async () => {
      this.#view.onMove();
      await this.#lease?.return();
      this.#setLease(undefined);
    });
  }

  async stop(level: "hold" | "estop"): Promise<void> {
    await this.#try(async (client) => {
      await (level === "hold" ? client.stop() : client.estop());
    });
  }

  async reset(): Promise<void> {
    await this.#try(async (client) => {
      await client.reset();
    });
  }

  /** Makes a motion with the lease, if this page has one, and tells how it went unless it went well. */
  async move(make: (lease: LeaseHandle) => Motion): Promise<void> {
    await this.#try(async () => {
      const { lease } = this;
      if (lease === undefined) throw new ControlError(ClientCode.LeaseLost, "take control first");
      this.#view.onMove();
      const motion = make(lease);
      void motion.received.then(
        ({ ageMs }) => {
          if (ageMs !== undefined) this.#commandAgeMs = ageMs;
        },
        () => undefined,
      );
      const { result, reason } = await motion;
      // What the person did next interrupts what they did before: that is no news.
      if (result === "completed" || result === "interrupted") return;
      this.#view.onNotice(`The motion was ${result}: ${reason}.`);
    });
  }

  /** From sending to arrival of the last command that was timed, by the compared clocks. */
  get commandAgeMs(): number | undefined {
    return this.#commandAgeMs;
  }

  async #connectOnce(): Promise<void> {
    const client = await connectControl(this.#url, this.#identity());
    this.#client = client;
    this.#view.onSession(client, "");
    const { session, devices } = client.welcome;
    client.on("lease", ({ device, owner, stale }) => {
      if (device !== devices[0]?.id) return;
      if (owner?.session !== session || stale) this.#setLease(undefined);
      this.#view.onOwner(owner, stale);
    });
    client.on("ack", ({ status, code, reason }) => {
      if (status === "rejected") this.#view.onNotice(refusalWords(code ?? "", reason ?? ""));
    });
    const closed = await new Promise<string>((resolve) => {
      client.on("closed", ({ code, reason }) => {
        resolve(`${code} ${reason}`.trim());
      });
    });
    this.#client = undefined;
    this.#setLease(undefined);
    this.#view.onSession(undefined, closed);
  }

  #setLease(lease: LeaseHandle | undefined): void {
    if (this.#lease === lease) return;
    this.#lease = lease;
    this.#view.onLease(lease);
  }

  async #try(act: (client: ControlClient, device: string) => Promise<void>): Promise<void> {
    const client = this.#client;
    const device = client?.welcome.devices[0]?.id;
    if (client === undefined || device === undefined) {
      this.#view.onNotice(refusalWords(ClientCode.Closed, ""));
      return;
    }
    try {
      this.#view.onNotice("");
      await act(client, device);
    } catch (error) {
      this.#view.onNotice(textOf(error));
    }
  }
}

function textOf(error: unknown): string {
  if (error instanceof ControlError) return refusalWords(error.code, error.message);
  return error instanceof Error ? error.message : String(error);
}
