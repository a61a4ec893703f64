import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openControlRig, type ControlRig } from "../../fakes/control-rig.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kairos-site-"));
  await writeFile(join(folder, "index.html"), "<!doctype html><title>page</title>");
  await writeFile(join(folder, "secret.pem"), "SECRET");
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

const openRig = async (): Promise<ControlRig> =>
  await openControlRig({
    site: {
      page: folder,
      pageScripts: folder,
      clientScripts: folder,
      msgpackScripts: folder,
      ed25519Scripts: folder,
    },
  });

/** Bytes as they are: what clients of HTTP would mend on the way. */
async function send(rig: ControlRig, request: string): Promise<string> {
  const socket = connect(rig.server.port, "127.0.0.1").on("error", () => undefined);
  socket.end(request.replaceAll("PORT", String(rig.server.port)), "latin1");
  let answer = "";
  socket.on("data", (chunk: Buffer) => (answer += chunk.toString("latin1")));
  await once(socket, "close");
  return answer;
}

const get = (path: string): string =>
  `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nConnection: close\r\n\r\n`;

describe("a path", () => {
  it.each([
    "/../../../../etc/passwd",
    "/client/../../../etc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/client/..%2f..%2f..%2fetc%2fpasswd",
    "/..\\..\\etc\\passwd",
    "//etc/passwd",
    "/./index.html/../secret.pem",
    "/secret.pem",
    "/index.html%00.js",
    "/INDEX.HTML",
    "/__proto__",
    "/constructor",
    "file:///etc/passwd",
    "http://127.0.0.1/secret.pem",
    `/${"a/".repeat(3000)}`,
  ])("%s reaches no file", async (path) => {
    await using rig = await openRig();
    const answer = await send(rig, get(path));
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(answer).not.toMatch(/root:|SECRET/);
    expect(await send(rig, get("/index.html"))).toMatch(/^HTTP\/1\.1 200 /);
  });
});

const upgrade = (headers: string, path = "/v1/control"): string =>
  `GET ${path} HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
  `Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: kairos.control.v1\r\n${headers}\r\n\r\n`;

describe("an upgrade", () => {
  it.each([
    {
      what: "of a foreign page",
      headers: "Host: 127.0.0.1:PORT\r\nOrigin: https://evil.example",
      status: 403,
    },
    { what: "of a sandboxed page", headers: "Host: 127.0.0.1:PORT\r\nOrigin: null", status: 403 },
    {
      what: "of a page whose name begins as ours",
      headers: "Host: 127.0.0.1:PORT\r\nOrigin: http://127.0.0.1:PORT.evil.example",
      status: 403,
    },
    {
      what: "of a page in a file",
      headers: "Host: 127.0.0.1:PORT\r\nOrigin: file://",
      status: 403,
    },
    {
      what: "to a rebound name",
      headers: "Host: evil.example:PORT\r\nOrigin: http://evil.example:PORT",
      status: 421,
    },
    { what: "to a name that ends as ours", headers: "Host: evil-localhost:PORT", status: 421 },
    { what: "to no name", headers: "Host: ", status: 421 },
    {
      what: "to another place",
      headers: "Host: 127.0.0.1:PORT",
      path: "/v1/control/",
      status: 404,
    },
    {
      what: "to a place of objects",
      headers: "Host: 127.0.0.1:PORT",
      path: "/__proto__",
      status: 404,
    },
  ])("$what is answered with $status and opens nothing", async ({ headers, status, path }) => {
    await using rig = await openRig();
    const answer = await send(rig, upgrade(headers, path));
    expect(answer.split(" ", 2)[1]).toBe(String(status));
    expect(rig.server.stats().controlSocketCount).toBe(0);
    expect(rig.actuation.kinds).toEqual([]);
  });
});

it.each([
  {
    what: "a header without end",
    request: `GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${"a".repeat(20_000)}`,
  },
  {
    what: "a length and chunks at once",
    request:
      "POST /v1/pair/prove HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  },
  { what: "no HTTP", request: "\x00\x01\x02\xff\r\n\r\n" },
  { what: "a method of its own", request: "BREW / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n" },
  {
    what: "a body where none belongs",
    request: `PUT /healthz HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello`,
  },
])("$what is refused, and the next request is answered", async ({ request }) => {
  await using rig = await openRig();
  expect(await send(rig, request)).toMatch(/^HTTP\/1\.1 4\d\d /);
  expect(await send(rig, get("/healthz"))).toMatch(/^HTTP\/1\.1 200 /);
});
