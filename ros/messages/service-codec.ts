import { structureReader, structureWriter, type Decode, type Encode } from "./codec.ts";
import { isKnownType } from "./type-table.ts";
import type { GraphServiceName, GraphServices } from "./graph-services.ts";

/** Both halves of a service as octets and back; which are needed depends on the side. */
export interface ServiceCodec<Type extends GraphServiceName> {
  readonly readRequest: Decode<GraphServices[Type]["request"]>;
  readonly writeRequest: Encode<GraphServices[Type]["request"]>;
  readonly readResponse: Decode<GraphServices[Type]["response"]>;
  readonly writeResponse: Encode<GraphServices[Type]["response"]>;
}

/** @throws BridgeError `ros/type`, from the decoders for bytes that do not hold the whole. */
export function serviceCodec<Type extends GraphServiceName>(type: Type): ServiceCodec<Type> {
  return {
    readRequest: structureReader(`${type}_Request`),
    writeRequest: structureWriter(`${type}_Request`),
    readResponse: structureReader(`${type}_Response`),
    writeResponse: structureWriter(`${type}_Response`),
  };
}
/** The name as one `serviceCodec` has a definition of; undefined where it has none. */
export function knownService(type: string): GraphServiceName | undefined {
  return isKnownType(`${type}_Request`) ? (type as GraphServiceName) : undefined;
}
