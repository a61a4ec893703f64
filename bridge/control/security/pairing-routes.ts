import type { IncomingMessage } from "node:http";
import type * as z from "zod";
import type { Role } from "../../core/roles.ts";
import type { Gatekeeper } from "../gatekeeper.ts";
import { readJsonBody } from "../json-body.ts";
import { bearerOf, type HttpAnswer, type HttpRoute } from "../http-route.ts";
import { AuthCode, PairCode, type Refusal } from "./auth-codes.ts";
import type { KeyProofs } from "./key-proof.ts";
import type { PairedClient, PairedClients } from "./paired-clients.ts";
import type { Pairing, PairingOutcome, PairingProof } from "./pairing.ts";
import { pairingLink, type ServerAddress } from "./pairing-link.ts";
import type { PairingOffers } from "./pairing-offers.ts";
import {
  offerRequest,
  problemOf,
  proveRequest,
  revokeRequest,
  ticketRequest,
} from "./pairing-requests.ts";
import { qrSvg } from "./qr-code.ts";

const dayMs = 86_400_000;

export interface PairingRoutesOptions {
  readonly pairing: Pairing;
  readonly keyProofs: KeyProofs;
  readonly offers: PairingOffers;
  readonly clients: PairedClients;
  readonly gatekeeper: Gatekeeper;
  readonly epoch: string;
  /** Known once the server listens. */
  readonly server: () => ServerAddress;
}

/** Pairing over HTTP. The README of this folder has the requests, the answers and who may ask. */
export function pairingRoutes(options: PairingRoutesOptions): readonly HttpRoute[] {
  const { pairing, keyProofs, epoch, server } = options;
  return [
    {
      method: "GET",
      path: "/v1/auth",
      answer: () => json(200, { auth: "paired", epoch, fingerprint: server().fingerprint }),
    },
    {
      method: "POST",
      path: "/v1/auth/challenge",
      answer: (request) => answered(keyProofs.challenge(addressOf(request))),
    },
    {
      method: "POST",
      path: "/v1/auth/ticket",
      answer: async (request) =>
        await withBody(request, ticketRequest, (proof) =>
          Promise.resolve(answered(keyProofs.prove(proof, addressOf(request)))),
        ),
    },
    {
      method: "POST",
      path: "/v1/pair/challenge",
      answer: (request) => answered(pairing.challenge(addressOf(request))),
    },
    {
      method: "POST",
      path: "/v1/pair/prove",
      answer: async (request) =>
        await withBody(request, proveRequest, async (proof) =>
          paired(await pairing.prove(proof as PairingProof, addressOf(request))),
        ),
    },
    {
      method: "POST",
      path: "/v1/pair/offers",
      answer: async (request) =>
        refuseAllBut(options, request, "supervisor") ??
        (await withBody(request, offerRequest, async (wanted) => await offer(options, wanted))),
    },
    {
      method: "GET",
      path: "/v1/pair/clients",
      answer: (request) =>
        refuseAllBut(options, request, "supervisor") ??
        json(200, { clients: options.clients.list().map(publicPart) }),
    },
    {
      method: "POST",
      path: "/v1/pair/revoke",
      answer: async (request) =>
        await withBody(
          request,
          revokeRequest,
          async (wanted) => await revoke(options, request, wanted),
        ),
    },
  ];
}

/** What is answered where authentication is off. */
export const openRoutes: readonly HttpRoute[] = [
  {
    method: "GET",
    path: "/v1/auth",
    answer: () => json(200, { auth: "off", epoch: "", fingerprint: "" }),
  },
  ...[
    "/v1/auth/challenge",
    "/v1/auth/ticket",
    "/v1/pair/challenge",
    "/v1/pair/prove",
    "/v1/pair/offers",
    "/v1/pair/revoke",
  ].map((path): HttpRoute => ({
    method: "POST",
    path,
    answer: () =>
      refusal({ ok: false, code: PairCode.Off, reason: "security.auth is off, expected paired" }),
  })),
];

async function offer(
  { offers, server }: PairingRoutesOptions,
  { role, name = "", days }: z.infer<typeof offerRequest>,
): Promise<HttpAnswer> {
  const made = await offers.make({ role, name, tokenTtlMs: days * dayMs });
  const link = pairingLink(server(), made);
  const { code, expiresAtMs } = made;
  return json(200, { code, link, svg: qrSvg(link), role, name, expiresAtMs });
}

/** Its own key anybody may give up; those of others are a supervisor's. */
async function revoke(
  options: PairingRoutesOptions,
  request: IncomingMessage,
  { keyId, reason }: z.infer<typeof revokeRequest>,
): Promise<HttpAnswer> {
  const refused = refuseAllBut(options, request, "supervisor");
  if (refused !== undefined) {
    const own = admit(options.gatekeeper, request, "viewer");
    if (!own.ok || own.credentials.subject !== keyId) return refused;
  }
  if (await options.clients.revoke(keyId, reason)) return json(200, { keyId, revoked: true });
  return json(404, { code: AuthCode.Unknown, message: `no client ${keyId} is paired here` });
}

function admit(gatekeeper: Gatekeeper, request: IncomingMessage, role: Role) {
  const token = bearerOf(request);
  return gatekeeper.admit({
    endpoint: "control",
    peerAddress: addressOf(request),
    role,
    client: "http",
    ...(token === undefined ? {} : { token }),
  });
}

function refuseAllBut(
  { gatekeeper }: PairingRoutesOptions,
  request: IncomingMessage,
  role: Role,
): HttpAnswer | undefined {
  const verdict = admit(gatekeeper, request, role);
  return verdict.ok ? undefined : refusal(verdict);
}

async function withBody<T>(
  request: IncomingMessage,
  schema: z.ZodType<T>,
  use: (body: T) => Promise<HttpAnswer>,
): Promise<HttpAnswer> {
  const body = await readJsonBody(request);
  if (!body.ok) return json(body.status, { code: PairCode.Message, message: body.reason });
  const parsed = schema.safeParse(body.value);
  if (parsed.success) return await use(parsed.data);
  return json(400, { code: PairCode.Message, message: problemOf(parsed.error) });
}

function paired(outcome: PairingOutcome): HttpAnswer {
  if (!outcome.ok) return refusal(outcome);
  const { keyId, role, name, expiresAtMs } = outcome.client;
  return json(200, { token: outcome.token, keyId, role, name, expiresAtMs });
}

function publicPart(client: PairedClient & { readonly revoked: boolean }): object {
  const { keyId, name, role, createdAtMs, expiresAtMs, revoked } = client;
  return { keyId, name, role, createdAtMs, expiresAtMs, revoked };
}

const addressOf = (request: IncomingMessage): string => request.socket.remoteAddress ?? "";

const json = (status: number, value: object): HttpAnswer => ({
  status,
  contentType: "application/json",
  body: `${JSON.stringify(value)}\n`,
});

const answered = (answer: object | Refusal<string>): HttpAnswer =>
  "reason" in answer ? refusal(answer) : json(200, answer);

/** RFC 9110: 401 asks for a token, 403 says that this one will not do. */
function refusal({ code, reason }: Refusal<string>): HttpAnswer {
  const status =
    code === PairCode.Rate || code === AuthCode.Rate
      ? 429
      : code === AuthCode.Role || code === PairCode.Role
        ? 403
        : 401;
  return json(code === PairCode.Off ? 409 : status, { code, message: reason });
}
