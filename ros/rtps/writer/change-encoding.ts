import type { Route } from "../endpoint.ts";
import type { MessageBuilder } from "../wire/message-builder.ts";
import { goneStatus } from "../wire/protocol.ts";
import type { Change } from "./history.ts";

/** Adds the whole sample to a message. // hot path */
export function appendSample(builder: MessageBuilder, route: Route, change: Change): void {
  if (change.gone === undefined) {
    builder.data(route, change.sequenceNumber, change.payload, change.call?.related);
    return;
  }
  builder.disposal(route, change.sequenceNumber, {
    status: goneStatus,
    keyHash: change.gone.keyHash,
    key: change.payload,
  });
}

/** Adds fragment number `fragment` (from 1) to a message; returns its octets. // hot path */
export function appendFragment(
  builder: MessageBuilder,
  route: Route,
  change: Change,
  options: { readonly fragment: number; readonly fragmentBytes: number },
): number {
  const { fragment, fragmentBytes } = options;
  const sampleBytes = change.payload.length;
  const start = (fragment - 1) * fragmentBytes;
  const part = change.payload.subarray(start, Math.min(start + fragmentBytes, sampleBytes));
  const size = { fragmentBytes, sampleBytes };
  const related = change.call?.related;
  builder.fragment(route, change.sequenceNumber, fragment, size, part, related);
  return part.length;
}
