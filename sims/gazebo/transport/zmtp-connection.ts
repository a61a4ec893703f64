import type { Socket } from "node:net";
import {
  encodeCommand,
  encodeMessage,
  ZmtpFrameParser,
  type ZmtpFrame,
  type ZmtpLimits,
} from "./zmtp-frames.ts";
import {
  commandName,
  greeting,
  greetingBytes,
  greetingProblem,
  parseCommand,
  parseReady,
  readyCommand,
  type ZmtpCommand,
  type ZmtpPeer,
  type ZmtpSocketType,
} from "./zmtp-handshake.ts";

const handshakeTimeoutMs = 5000;

export interface ZmtpOptions extends ZmtpLimits {
  readonly socketType: ZmtpSocketType;
  /** Name under which a ROUTER peer addresses us. */
  readonly identity?: string;
  /** Unsent bytes above which messages are dropped instead of queued. */
  readonly maxQueuedBytes: number;
}

export interface ZmtpListener {
  onReady(connection: ZmtpConnection): void;
  /** Parts are borrowed: valid until the listener returns. */
  onMessage(connection: ZmtpConnection, parts: readonly Uint8Array[]): void;
  /** SUBSCRIBE and CANCEL of ZMTP 3.1. */
  onCommand?(connection: ZmtpConnection, command: ZmtpCommand): void;
  /** @param reason what was wrong with the peer; empty for an ordinary end. */
  onClosed(connection: ZmtpConnection, reason: string): void;
}

/** One TCP connection speaking ZMTP 3 without authentication. Bad input closes it; nothing throws. */
export class ZmtpConnection {
  /** Known once `onReady` was called. */
  peer: ZmtpPeer = { socketType: "", identity: "" };
  isReady = false;
  /** Messages that were not queued because the peer does not keep up. */
  droppedCount = 0;
  readonly #socket: Socket;
  readonly #options: ZmtpOptions;
  readonly #listener: ZmtpListener;
  readonly #parser: ZmtpFrameParser;
  readonly #timer: NodeJS.Timeout;
  #greeting: Buffer | undefined = Buffer.alloc(0);
  #parts: Uint8Array[] = [];
  #partBytes = 0;
  #problem = "";

  constructor(socket: Socket, options: ZmtpOptions, listener: ZmtpListener) {
    this.#socket = socket;
    this.#options = options;
    this.#listener = listener;
    this.#parser = new ZmtpFrameParser(options.maxMessageBytes, (frame) => {
      this.#onFrame(frame);
    });
    this.#timer = setTimeout(() => {
      this.close(`no handshake within ${handshakeTimeoutMs} ms`);
    }, handshakeTimeoutMs);
    socket.setNoDelay(true);
    socket.on("data", (chunk) => {
      this.#onData(chunk);
    });
    // An error is followed by `close`.
    socket.on("error", (error) => {
      this.#problem ||= error.message;
    });
    socket.on("close", () => {
      clearTimeout(this.#timer);
      this.isReady = false;
      listener.onClosed(this, this.#problem);
    });
    socket.write(greeting());
  }

  /** False when the message was dropped: no peer yet, or too much unsent. // hot path */
  send(parts: readonly Uint8Array[]): boolean {
    return this.sendEncoded(encodeMessage(parts));
  }

  /** A message `encodeMessage` made, so that many peers can share it. // hot path */
  sendEncoded(message: Buffer): boolean {
    if (!this.isReady || this.#socket.writableLength > this.#options.maxQueuedBytes) {
      this.droppedCount += 1;
      return false;
    }
    this.#socket.write(message);
    return true;
  }

  close(problem = ""): void {
    this.#problem ||= problem;
    this.#socket.destroy();
  }

  #onData(chunk: Buffer): void {
    const rest = this.#greeting === undefined ? chunk : this.#takeGreeting(chunk);
    if (rest === undefined || this.#socket.destroyed) return;
    const problem = this.#parser.push(rest);
    if (problem !== undefined) this.close(problem);
  }

  #takeGreeting(chunk: Buffer): Buffer | undefined {
    const received = Buffer.concat([this.#greeting ?? Buffer.alloc(0), chunk]);
    this.#greeting = received;
    // Whoever speaks another protocol shows it in the first byte; no need to wait for 64.
    if (received[0] !== 0xff) this.close("no ZMTP greeting");
    if (received.length < greetingBytes) return undefined;
    const problem = greetingProblem(received);
    if (problem !== undefined) {
      this.close(problem);
      return undefined;
    }
    this.#greeting = undefined;
    const { socketType, identity } = this.#options;
    this.#socket.write(encodeCommand(readyCommand(socketType, identity)));
    return received.subarray(greetingBytes);
  }

  #onFrame(frame: ZmtpFrame): void {
    if (this.#socket.destroyed) return;
    if (frame.isCommand) this.#onCommand(frame.body);
    else if (this.isReady) this.#onPart(frame);
    else this.close("a message before READY");
  }

  #onPart({ body, hasMore }: ZmtpFrame): void {
    this.#partBytes += body.length;
    const { maxFrames, maxMessageBytes } = this.#options;
    if (this.#parts.length >= maxFrames || this.#partBytes > maxMessageBytes) {
      this.close(`a message over ${maxFrames} frames or ${maxMessageBytes} bytes`);
      return;
    }
    // Parts of a message that is not whole yet must outlive the chunk they came in.
    this.#parts.push(hasMore ? body.slice() : body);
    if (hasMore) return;
    const parts = this.#parts;
    this.#parts = [];
    this.#partBytes = 0;
    this.#listener.onMessage(this, parts);
  }

  #onCommand(body: Uint8Array): void {
    const command = parseCommand(body);
    if (command === undefined) {
      this.close("a damaged command");
      return;
    }
    if (this.isReady) {
      if (command.name === "PING") this.#pong(command.data);
      else this.#listener.onCommand?.(this, command);
      return;
    }
    const peer = parseReady(this.#options.socketType, command);
    if (typeof peer === "string") {
      this.close(peer);
      return;
    }
    clearTimeout(this.#timer);
    this.peer = peer;
    this.isReady = true;
    this.#listener.onReady(this);
  }

  /** A 3.1 peer may ask although we said 3.0: two bytes of time to live, then what to return. */
  #pong(data: Uint8Array): void {
    this.#socket.write(encodeCommand(Buffer.concat([commandName("PONG"), data.subarray(2, 18)])));
  }
}
