import { createHash, createHmac, createPublicKey, randomBytes, verify } from "node:crypto";
import { describe, expect, it } from "vitest";
import { base64Url, fromBase64Url } from "../../../bridge/client/base64-url.ts";
import { pairedKey, pairWithCode, type KeyStorage } from "../../../bridge/client/pairing.ts";
import { readPairingLink } from "../../../bridge/client/pairing-link.ts";

class Memory implements KeyStorage {
  readonly kept = new Map<string, string>();
  load(name: string): string | undefined {
    return this.kept.get(name);
  }
  save(name: string, text: string): void {
    this.kept.set(name, text);
  }
}

/** A server that checks what is proven with Node's own cryptography, and keeps what it was sent. */
function server(code: string, fingerprint = "") {
  const challenge = base64Url(randomBytes(32));
  const asked: { readonly url: string; readonly body: Record<string, string> }[] = [];
  const answer = (ok: boolean, value: object) =>
    Promise.resolve({ ok, json: () => Promise.resolve(value) });
  return {
    asked,
    fetch: (url: string, { body: text }: { readonly body: string }) => {
      const body = JSON.parse(text) as Record<string, string>;
      asked.push({ url, body });
      if (url.endsWith("/challenge")) return answer(true, { challenge, epoch: "e1", fingerprint });
      const proven = ["kairos-bridge pairing v1", challenge, "e1", fingerprint];
      const line = [...proven, body["publicKey"], body["client"]].join("\n");
      const mac = createHmac("sha256", code).update(line).digest("base64url");
      if (mac !== body["codeProof"]) {
        return answer(false, { code: "pair/code", message: "no pairing with this code is open" });
      }
      const key = createPublicKey({
        key: { kty: "OKP", crv: "Ed25519", x: body["publicKey"] ?? "" },
        format: "jwk",
      });
      const signature = Buffer.from(body["signature"] ?? "", "base64url");
      if (!verify(null, Buffer.from(`${line}\n${mac}`), key, signature)) {
        return answer(false, { code: "pair/proof", message: "signature does not fit" });
      }
      const expiresAtMs = Date.now() + 1000;
      return answer(true, {
        token: "t",
        keyId: "k",
        role: "controller",
        name: "phone",
        expiresAtMs,
      });
    },
  };
}

describe("pairing with a code", () => {
  it("proves code and key, and keeps key and token", async () => {
    const { fetch } = server("K7QM-2XPA");
    const storage = new Memory();
    const options = { code: "K7QM-2XPA", client: "phone", storage, fetch };
    const paired = await pairWithCode("http://127.0.0.1:8700/", options);
    expect(paired).toMatchObject({ token: "t", role: "controller" });
    expect(await pairedKey("ws://127.0.0.1:8700/v1/control", storage)).toEqual(paired);
    expect(await pairedKey("http://127.0.0.1:8701", storage)).toBeUndefined();
    expect([...storage.kept.keys()].some((name) => name.includes("key"))).toBe(true);
  });

  it("shows the same key to the same server, and another to another", async () => {
    const storage = new Memory();
    const first = server("A");
    for (const url of ["http://a", "http://a", "http://b"]) {
      await pairWithCode(url, { code: "A", client: "phone", storage, fetch: first.fetch });
    }
    const keys = first.asked.flatMap(({ body }) => body["publicKey"] ?? []);
    expect(keys[0]).toBe(keys[1]);
    expect(keys[2]).not.toBe(keys[0]);
  });

  it("is refused with the server's code, and keeps no token", async () => {
    const storage = new Memory();
    const options = { code: "WRONG", client: "phone", storage, fetch: server("RIGHT").fetch };
    await expect(pairWithCode("http://a", options)).rejects.toMatchObject({ code: "pair/code" });
    expect(await pairedKey("http://a", storage)).toBeUndefined();
  });

  it("proves nothing to another server than the one that was scanned", async () => {
    const { fetch, asked } = server("A", "ab".repeat(32));
    const options = { code: "A", client: "p", storage: new Memory(), fetch };
    await expect(
      pairWithCode("https://a", { ...options, fingerprint: "cd".repeat(32) }),
    ).rejects.toMatchObject({ code: "client/fingerprint" });
    expect(asked).toHaveLength(1);
    await pairWithCode("https://a", { ...options, fingerprint: "AB".repeat(32) });
  });

  it("takes the platform's own cryptography", async () => {
    const used = new Set<string>();
    await pairWithCode("http://a", {
      code: "A",
      client: "p",
      storage: new Memory(),
      fetch: server("A").fetch,
      crypto: {
        hmacSha256: (key, message) => {
          used.add("hmac");
          return createHmac("sha256", key).update(message).digest();
        },
        sha512: (message) => {
          used.add("sha512");
          return Promise.resolve(createHash("sha512").update(message).digest());
        },
        randomBytes: (count) => {
          used.add("random");
          return randomBytes(count);
        },
      },
    });
    expect([...used].toSorted()).toEqual(["hmac", "random", "sha512"]);
  });

  it("forgets a token that has expired", async () => {
    const storage = new Memory();
    storage.save("kairos-bridge token http://a", JSON.stringify({ token: "t", expiresAtMs: 1 }));
    expect(await pairedKey("http://a", storage)).toBeUndefined();
  });
});

describe("a scanned text", () => {
  it("is read as the server wrote it", () => {
    const text =
      "https://robot.local:8700/#pair=K7QM-2XPA&fp=abcd&role=controller&name=Anna%27s+phone&exp=1700000000&at=192.168.1.20%2C10.0.0.2";
    expect(readPairingLink(text)).toEqual({
      url: "https://robot.local:8700",
      code: "K7QM-2XPA",
      fingerprint: "abcd",
      role: "controller",
      name: "Anna's phone",
      expiresAtMs: 1_700_000_000_000,
      addresses: ["192.168.1.20", "10.0.0.2"],
    });
  });

  it.each([
    "",
    "https://example.org/",
    "https://a/#pair=X",
    "https://a/#pair=X&role=viewer&exp=soon",
    "javascript:alert(1)#pair=X&role=viewer&exp=1700000000",
  ])("%j is no pairing code", (text) => {
    expect(() => readPairingLink(text)).toThrow("client/link");
  });
});

it.each([0, 1, 2, 3, 31, 32, 33, 64])("%i bytes survive base64url as Node writes it", (count) => {
  const bytes = randomBytes(count);
  expect(base64Url(bytes)).toBe(bytes.toString("base64url"));
  expect([...fromBase64Url(base64Url(bytes))]).toEqual([...bytes]);
});
