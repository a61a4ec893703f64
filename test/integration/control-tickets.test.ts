import { generateKeyPairSync, sign } from "node:crypto";
import { describe, expect, it } from "vitest";
import { pairWithCode, sessionTicket } from "../../bridge/client/pairing.ts";
import { Tickets, ticketTtlMs } from "../../bridge/control/security/tickets.ts";
import { RawClient, until } from "../fakes/control-rig.ts";
import {
  makeOffer,
  openPairedRig,
  PairingPhone,
  poster,
  type PairedRig,
} from "../fakes/paired-rig.ts";

interface Paired {
  readonly phone: PairingPhone;
  readonly token: string;
  readonly keyId: string;
}

async function pairedByKey(rig: PairedRig, role: "controller" | "supervisor"): Promise<Paired> {
  const { code } = await makeOffer(rig, role);
  const phone = new PairingPhone(poster(rig.server.url));
  const { body } = await phone.pair(code, { requireKey: true });
  return { phone, token: String(body["token"]), keyId: String(body["keyId"]) };
}

async function ticketOf(rig: PairedRig, { phone, keyId }: Paired): Promise<string> {
  const { body } = await poster(rig.server.url)("/v1/auth/ticket", await phone.keyProof(keyId));
  expect(body).toMatchObject({ expiresInMs: ticketTtlMs });
  return String(body["ticket"]);
}

/** What a hello with this token is answered with. */
async function answerTo(rig: PairedRig, token: string, role = "controller") {
  const client = await RawClient.control(rig.server);
  client.say({ type: "hello", protocol: "kairos.control.v1", role, client: "test", token });
  await until(() => client.messages.length > 0, "an answer to the hello");
  return client.messages[0];
}

describe("a client that is let in by its key only", () => {
  it("comes in with a ticket, once; its token alone opens nothing", async () => {
    await using rig = await openPairedRig();
    const paired = await pairedByKey(rig, "controller");
    expect(await answerTo(rig, paired.token)).toMatchObject({ code: "auth/key-required" });
    const ticket = await ticketOf(rig, paired);
    expect(await answerTo(rig, ticket)).toMatchObject({ type: "welcome", role: "controller" });
    expect(await answerTo(rig, ticket)).toMatchObject({ code: "auth/replayed" });
    expect(rig.actuation.kinds).toEqual([]);
  });

  it("gets no more by a ticket than its role, and nothing once it is revoked", async () => {
    await using rig = await openPairedRig();
    const paired = await pairedByKey(rig, "controller");
    const ticket = await ticketOf(rig, paired);
    expect(await answerTo(rig, ticket, "supervisor")).toMatchObject({ code: "auth/role" });
    await rig.security.clients.revoke(paired.keyId, "lost");
    expect(await answerTo(rig, ticket)).toMatchObject({ code: "auth/revoked" });
  });

  it("asks the server with a ticket where others send their token", async () => {
    await using rig = await openPairedRig();
    const post = poster(rig.server.url);
    const paired = await pairedByKey(rig, "supervisor");
    const other = await pairedByKey(rig, "controller");
    const offer = { role: "viewer" };
    expect(await post("/v1/pair/offers", offer, paired.token)).toMatchObject({ status: 401 });
    const ticket = await ticketOf(rig, paired);
    expect(await post("/v1/pair/offers", offer, ticket)).toMatchObject({ status: 200 });
    const again = await post("/v1/pair/offers", offer, ticket);
    expect(again).toMatchObject({ status: 401, body: { code: "auth/replayed" } });
    const wanted = { keyId: other.keyId };
    const revoked = await post("/v1/pair/revoke", wanted, await ticketOf(rig, paired));
    expect(revoked).toMatchObject({ status: 200 });
    const own = { keyId: paired.keyId };
    expect(await post("/v1/pair/revoke", own, await ticketOf(rig, paired))).toMatchObject({
      status: 200,
    });
  });

  it.each<{ what: string; code: string; bend: (rig: PairedRig) => Promise<object> | object }>([
    {
      what: "a signature by another key",
      code: "auth/proof",
      bend: () => {
        const { privateKey } = generateKeyPairSync("ed25519");
        return { signature: sign(null, Buffer.from("x"), privateKey).toString("base64url") };
      },
    },
    { what: "an unknown key id", code: "auth/unknown", bend: () => ({ keyId: "AAAAAAAAAAAA" }) },
    {
      what: "a challenge never given out",
      code: "auth/challenge",
      bend: () => ({ challenge: "A".repeat(43) }),
    },
    {
      what: "a challenge of a pairing",
      code: "auth/challenge",
      bend: async (rig) => {
        const { body } = await poster(rig.server.url)("/v1/pair/challenge", {});
        return { challenge: body["challenge"] };
      },
    },
    { what: "a field too many", code: "pair/message", bend: () => ({ admin: true }) },
  ])("gets no ticket for $what: $code", async ({ code, bend }) => {
    await using rig = await openPairedRig();
    const { phone, keyId } = await pairedByKey(rig, "controller");
    const proof = { ...(await phone.keyProof(keyId)), ...(await bend(rig)) };
    const { status, body } = await poster(rig.server.url)("/v1/auth/ticket", proof);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(body).toMatchObject({ code });
    expect(body).not.toHaveProperty("ticket");
  });

  it("gets no second ticket for one proof", async () => {
    await using rig = await openPairedRig();
    const { phone, keyId } = await pairedByKey(rig, "controller");
    const post = poster(rig.server.url);
    const proof = await phone.keyProof(keyId);
    expect(await post("/v1/auth/ticket", proof)).toMatchObject({ status: 200 });
    expect((await post("/v1/auth/ticket", proof)).body).toMatchObject({ code: "auth/replayed" });
  });
});

it("a client of the SDK comes in by its key, again and again", async () => {
  await using rig = await openPairedRig();
  const { code } = await makeOffer(rig);
  const kept = new Map<string, string>();
  const storage = {
    load: (name: string) => kept.get(name),
    save: (name: string, text: string) => void kept.set(name, text),
  };
  const { url } = rig.server;
  const { token } = await pairWithCode(url, { code, client: "phone", storage, requireKey: true });
  expect(await answerTo(rig, token)).toMatchObject({ code: "auth/key-required" });
  for (let count = 0; count < 2; count += 1) {
    const ticket = await sessionTicket(url, { storage });
    expect(await answerTo(rig, ticket)).toMatchObject({ type: "welcome" });
  }
  await expect(sessionTicket("http://127.0.0.1:1", { storage })).rejects.toMatchObject({
    code: "auth/required",
  });
});

it("a token or a ticket in the URL is not read", async () => {
  await using rig = await openPairedRig();
  const paired = await pairedByKey(rig, "controller");
  for (const secret of [paired.token, await ticketOf(rig, paired)]) {
    const url = `${rig.server.url}/v1/control?token=${secret}&ticket=${secret}`;
    const protocol = "kairos.control.v1";
    const client = new RawClient(url, protocol);
    await client.opened();
    client.say({ type: "hello", protocol, role: "controller", client: "test" });
    await until(() => client.messages.length > 0, "an answer to the hello");
    expect(client.messages[0]).toMatchObject({ code: "auth/required" });
  }
});

describe("a ticket", () => {
  it("works for half a minute, once, and only as it was given out", () => {
    const tickets = new Tickets();
    const ticket = tickets.make("AAAAAAAAAAAA", 0);
    expect(tickets.find(ticket, ticketTtlMs)).toMatchObject({ keyId: "AAAAAAAAAAAA" });
    expect(tickets.find(ticket, ticketTtlMs + 1)).toMatchObject({ code: "auth/stale" });
    expect(tickets.find(`${ticket}A`, 0)).toMatchObject({ code: "auth/ticket" });
    tickets.use(ticket);
    expect(tickets.find(ticket, 0)).toMatchObject({ code: "auth/replayed" });
  });

  it("is forgotten when too many are asked for", () => {
    const tickets = new Tickets();
    const first = tickets.make("AAAAAAAAAAAA", 0);
    for (let count = 0; count < 300; count += 1) tickets.make("BBBBBBBBBBBB", 1);
    expect(tickets.find(first, 1)).toMatchObject({ code: "auth/ticket" });
  });
});
