import process from "node:process";
import { describe, it } from "vitest";
import type { Peer } from "./build.ts";

/**
 * A suite against an independent peer. Where the peer is missing the suite is skipped under a name
 * that says why; with KAIROS_REQUIRE_PEERS=1, as in continuous integration, it fails instead.
 */
export function describePeer<Programs>(
  title: string,
  peer: Peer<Programs>,
  suite: (programs: Programs) => void,
): void {
  if (peer.missing === undefined) {
    describe(title, () => {
      suite(peer.programs);
    });
    return;
  }
  const reason = peer.missing;
  const name = `${title} (not run: ${reason})`;
  if (process.env["KAIROS_REQUIRE_PEERS"] === "1") {
    it(name, () => {
      throw new Error(`KAIROS_REQUIRE_PEERS=1, but ${reason}`);
    });
    return;
  }
  process.stderr.write(`skipped: ${name}\n`);
  describe.skip(name, () => {
    it("needs the peer", () => undefined);
  });
}
