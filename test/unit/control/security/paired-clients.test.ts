import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  PairedClients,
  type PairedClient,
} from "../../../../bridge/control/security/paired-clients.ts";
import { PrivateFolder } from "../../../../bridge/control/security/private-folder.ts";

let folder = "";
let clients: PairedClients;

const anna: PairedClient = {
  keyId: "AAAAAAAAAAAA",
  name: "anna",
  role: "controller",
  publicKey: "k",
  secretHash: "0".repeat(64),
  createdAtMs: 0,
  expiresAtMs: 1000,
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kairos-clients-"));
  clients = await PairedClients.open(await PrivateFolder.open(folder));
  await clients.add(anna);
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

it("a revocation of another process is heard, once", async () => {
  const heard: string[] = [];
  clients.onRevoked((keyId, reason) => heard.push(`${keyId} ${reason}`));
  await writeFile(join(folder, `${anna.keyId}.revoked`), "lost phone\n");
  await clients.refresh();
  await clients.refresh();
  expect(heard).toEqual([`${anna.keyId} lost phone`]);
  expect(clients.isRevoked(anna.keyId)).toBe(true);
});

it("a record that cannot be read is an error, and keeps nobody in power who was revoked", async () => {
  await writeFile(join(folder, "0bad.json"), "{");
  await writeFile(join(folder, `${anna.keyId}.revoked`), "");
  await expect(clients.refresh()).rejects.toMatchObject({ code: "security/folder" });
  expect(clients.isRevoked(anna.keyId)).toBe(true);
});

it("a record that cannot be read keeps nobody in power whose own was removed", async () => {
  await writeFile(join(folder, "0bad.json"), "{");
  await rm(join(folder, `${anna.keyId}.json`));
  await expect(clients.refresh()).rejects.toMatchObject({ code: "security/folder" });
  expect(clients.isRevoked(anna.keyId)).toBe(true);
});
