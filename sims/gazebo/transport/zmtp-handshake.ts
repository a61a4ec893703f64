/** ZMTP 3.0 greeting and the READY command of the NULL mechanism (rfc.zeromq.org/spec/23). */
export const greetingBytes = 64;

export type ZmtpSocketType = "PUB" | "SUB" | "ROUTER";

/** Who may talk to whom. X and DEALER and REQ forms speak the same on the wire. */
const partners: Readonly<Record<ZmtpSocketType, readonly string[]>> = {
  PUB: ["SUB", "XSUB"],
  SUB: ["PUB", "XPUB"],
  ROUTER: ["ROUTER", "DEALER", "REQ"],
};

export interface ZmtpPeer {
  readonly socketType: string;
  /** Name of the peer's socket; empty if it has none. */
  readonly identity: string;
}

/** Minor version 0, so that a 3.1 peer sends subscriptions as messages and no heartbeats. */
export function greeting(): Buffer {
  const out = Buffer.alloc(greetingBytes);
  out[0] = 0xff;
  out[9] = 0x7f;
  out[10] = 3;
  out.write("NULL", 12, "latin1");
  return out;
}

/** Undefined, or why this is not the greeting of a ZMTP 3 peer without authentication. */
export function greetingProblem(bytes: Uint8Array): string | undefined {
  if (bytes[0] !== 0xff || ((bytes[9] ?? 0) & 1) !== 1) return "no ZMTP greeting";
  const major = bytes[10] ?? 0;
  if (major < 3) return `ZMTP version ${major}, expected 3`;
  const mechanism = Buffer.from(bytes.subarray(12, 32)).toString("latin1").replace(/\0+$/, "");
  return mechanism === "NULL" ? undefined : `mechanism ${JSON.stringify(mechanism)}, expected NULL`;
}

export function readyCommand(socketType: ZmtpSocketType, identity = ""): Buffer {
  const properties = [property("Socket-Type", socketType)];
  if (identity !== "") properties.push(property("Identity", identity));
  return Buffer.concat([commandName("READY"), ...properties]);
}

export function commandName(name: string): Buffer {
  return Buffer.concat([Buffer.from([name.length]), Buffer.from(name, "latin1")]);
}

function property(name: string, value: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(value.length);
  return Buffer.concat([commandName(name), length, Buffer.from(value, "latin1")]);
}

export interface ZmtpCommand {
  readonly name: string;
  readonly data: Uint8Array;
}

export function parseCommand(body: Uint8Array): ZmtpCommand | undefined {
  const length = body[0] ?? 0;
  if (length === 0 || body.length < 1 + length) return undefined;
  const name = Buffer.from(body.subarray(1, 1 + length)).toString("latin1");
  return { name, data: body.subarray(1 + length) };
}

/** The peer as its READY describes it, or what is wrong with it for a socket of type `own`. */
export function parseReady(own: ZmtpSocketType, command: ZmtpCommand): ZmtpPeer | string {
  if (command.name !== "READY") return `command ${JSON.stringify(command.name)}, expected READY`;
  const properties = parseProperties(command.data);
  if (properties === undefined) return "READY with damaged properties";
  const socketType = properties.get("socket-type") ?? "";
  if (!partners[own].includes(socketType)) {
    return `socket type ${JSON.stringify(socketType)}, expected ${partners[own].join(" or ")}`;
  }
  return { socketType, identity: properties.get("identity") ?? "" };
}

function parseProperties(data: Uint8Array): ReadonlyMap<string, string> | undefined {
  const buffer = Buffer.from(data.buffer, data.byteOffset, data.length);
  const properties = new Map<string, string>();
  for (let position = 0; position < buffer.length;) {
    const nameEnd = position + 1 + (buffer[position] ?? 0);
    if (nameEnd + 4 > buffer.length) return undefined;
    const valueEnd = nameEnd + 4 + buffer.readUInt32BE(nameEnd);
    if (valueEnd > buffer.length) return undefined;
    const name = buffer.toString("latin1", position + 1, nameEnd).toLowerCase();
    properties.set(name, buffer.toString("latin1", nameEnd + 4, valueEnd));
    position = valueEnd;
  }
  return properties;
}
