import type { ReceivedSample } from "../endpoint.ts";
import type { Reader } from "../reader/reader.ts";
import type { DdsNames } from "../rosgraph/names.ts";
import type { Scheduler } from "../transport/scheduler.ts";
import type { Guid, PrefixKey } from "../wire/guid.ts";
import { cycloneVendorId } from "../wire/protocol.ts";
import type { Writer } from "../writer/writer.ts";

/** What a service server or client needs of its participant. */
export interface ServiceEndpoints {
  readonly scheduler: Scheduler;
  openWriter(names: DdsNames, onMatch: () => void): Writer;
  openReader(
    names: DdsNames,
    listener: {
      readonly onSample: (sample: ReceivedSample, from: Guid) => void;
      readonly onMatch: () => void;
    },
  ): Reader;
  close(writer: Writer, reader: Reader): void;
  /** Undefined for who is not there. */
  vendorOf(prefix: PrefixKey): number | undefined;
}

/**
 * How a participant marks which response belongs to which request. rmw_cyclonedds puts a header into the
 * payload; rmw_fastrtps, and whoever keeps to DDS-RPC, names the request in the inline QoS.
 */
export type CallStyle = "header" | "inline-qos";

export function callStyleOf(endpoints: ServiceEndpoints, prefix: PrefixKey): CallStyle {
  return endpoints.vendorOf(prefix) === cycloneVendorId ? "header" : "inline-qos";
}

/**
 * The participants that have both: a matched writer, and a matched reader that has answered our writer. One
 * that has not may not know of it yet, and would miss what is sent to it.
 */
export function fullyMatched(writer: Writer, reader: Reader): Guid[] {
  const answering = new Set<PrefixKey>();
  for (const { guid } of reader.matchedWriters()) answering.add(guid.prefix);
  const found: Guid[] = [];
  for (const { guid } of writer.answeringReaders())
    if (answering.has(guid.prefix)) found.push(guid);
  return found;
}
