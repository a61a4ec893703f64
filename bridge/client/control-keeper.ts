import { Backoff } from "./backoff.ts";
import {
  connectControl,
  type ConnectControlOptions,
  type ControlClient,
} from "./control-client.ts";
import { ClientCode, ControlError } from "./errors.ts";
import type { ServerUrl } from "./socket.ts";
import { Listeners } from "./listeners.ts";

export interface KeepControlOptions extends Omit<ConnectControlOptions, "token"> {
  /** Asked before each attempt: a token may have been renewed since. */
  readonly token?: () => string | undefined | Promise<string | undefined>;
  /** Longest wait between attempts. */
  readonly maxBackoffMs?: number;
}

export interface KeeperEvents {
  /** A new session, with an epoch of its own: it holds nothing and moves nothing. */
  readonly session: ControlClient;
  /** Tried again by itself. */
  readonly lost: { readonly error: ControlError; readonly retryInMs: number };
  /** The server does not want this client; it will not be asked again. */
  readonly refused: ControlError;
}

/**
 * Keeps a control session open: after a loss a new one is opened, which begins with nothing. Leases,
 * streams and commands of the old one are over for good; what shall move again has to be asked for by
 * whoever listens to `session`.
 */
export function keepControl(url: ServerUrl, options: KeepControlOptions): ControlKeeper {
  return new ControlKeeper(url, options);
}

/** Made by `keepControl`. */
export class ControlKeeper {
  readonly #url: ServerUrl;
  readonly #options: KeepControlOptions;
  readonly #listeners = new Listeners<KeeperEvents>();
  readonly #backoff: Backoff;
  #client: ControlClient | undefined;
  #closed = false;

  constructor(url: ServerUrl, options: KeepControlOptions) {
    this.#url = url;
    this.#options = options;
    this.#backoff = new Backoff(options.maxBackoffMs);
    void this.#open();
  }

  /** The session, while there is one. */
  get client(): ControlClient | undefined {
    return this.#client?.isOpen === true ? this.#client : undefined;
  }

  on<Name extends keyof KeeperEvents>(
    name: Name,
    listener: (event: KeeperEvents[Name]) => void,
  ): () => void {
    return this.#listeners.on(name, listener);
  }

  close(): void {
    this.#closed = true;
    this.#backoff.cancel();
    this.#client?.close();
  }

  async #open(): Promise<void> {
    try {
      const { token, ...rest } = this.#options;
      const proof = await token?.();
      if (this.#closed) return;
      const client = await connectControl(this.#url, {
        ...rest,
        ...(proof === undefined ? {} : { token: proof }),
      });
      this.#begin(client);
    } catch (error) {
      this.#failed(asControlError(error));
    }
  }

  #begin(client: ControlClient): void {
    if (this.#closed) {
      client.close();
      return;
    }
    this.#client = client;
    this.#backoff.reset();
    client.on("closed", ({ code, reason }) => {
      this.#failed(new ControlError(ClientCode.Closed, `${code} ${reason}`));
    });
    this.#listeners.emit("session", client);
  }

  #failed(error: ControlError): void {
    if (this.#closed) return;
    if (isFinal(error.code)) {
      this.#closed = true;
      this.#listeners.emit("refused", error);
      return;
    }
    const retryInMs = this.#backoff.again(() => {
      void this.#open();
    });
    this.#listeners.emit("lost", { error, retryInMs });
  }
}

/** Asking again the same way cannot help: the server has understood and said no. */
function isFinal(code: string): boolean {
  return /^(auth\/|control\/(role|protocol|unsupported|message|hello)$)/.test(code);
}

function asControlError(error: unknown): ControlError {
  if (error instanceof ControlError) return error;
  return new ControlError(
    ClientCode.Connect,
    error instanceof Error ? error.message : String(error),
  );
}
