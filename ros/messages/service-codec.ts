import { MessageReader, MessageWriter } from "@foxglove/rosmsg2-serialization";
import { definitionsOfFields, type Decode, type Encode } from "./codec.ts";
import type { GraphServiceName, GraphServices } from "./graph-services.ts";

/** Both halves of a service as octets and back; which are needed depends on the side. */
export interface ServiceCodec<Type extends GraphServiceName> {
  readonly readRequest: Decode<GraphServices[Type]["request"]>;
  readonly writeRequest: Encode<GraphServices[Type]["request"]>;
  readonly readResponse: Decode<GraphServices[Type]["response"]>;
  readonly writeResponse: Encode<GraphServices[Type]["response"]>;
}

interface Halves {
  readonly request: readonly string[];
  readonly response: readonly string[];
}

const verdict = ["bool success", "string message"];
const transitions = ["lifecycle_msgs/TransitionDescription[] available_transitions"];

/** The .srv files of the packages they are named after, from Humble to Kilted. */
const definitions: Readonly<Record<GraphServiceName, Halves>> = {
  "std_srvs/srv/Trigger": { request: [], response: verdict },
  "std_srvs/srv/SetBool": { request: ["bool data"], response: verdict },
  "rcl_interfaces/srv/ListParameters": {
    request: ["string[] prefixes", "uint64 depth"],
    response: ["rcl_interfaces/ListParametersResult result"],
  },
  "rcl_interfaces/srv/GetParameters": {
    request: ["string[] names"],
    response: ["rcl_interfaces/ParameterValue[] values"],
  },
  "rcl_interfaces/srv/GetParameterTypes": {
    request: ["string[] names"],
    response: ["uint8[] types"],
  },
  "rcl_interfaces/srv/DescribeParameters": {
    request: ["string[] names"],
    response: ["rcl_interfaces/ParameterDescriptor[] descriptors"],
  },
  "rcl_interfaces/srv/SetParameters": {
    request: ["rcl_interfaces/Parameter[] parameters"],
    response: ["rcl_interfaces/SetParametersResult[] results"],
  },
  "rcl_interfaces/srv/SetParametersAtomically": {
    request: ["rcl_interfaces/Parameter[] parameters"],
    response: ["rcl_interfaces/SetParametersResult result"],
  },
  "lifecycle_msgs/srv/GetState": {
    request: [],
    response: ["lifecycle_msgs/State current_state"],
  },
  "lifecycle_msgs/srv/ChangeState": {
    request: ["lifecycle_msgs/Transition transition"],
    response: ["bool success"],
  },
  "lifecycle_msgs/srv/GetAvailableStates": {
    request: [],
    response: ["lifecycle_msgs/State[] available_states"],
  },
  "lifecycle_msgs/srv/GetAvailableTransitions": { request: [], response: transitions },
};

/** The name as one `serviceCodec` has a definition of; undefined where it has none. */
export function knownService(type: string): GraphServiceName | undefined {
  return Object.hasOwn(definitions, type) ? (type as GraphServiceName) : undefined;
}

/** Strings must be ASCII, as everywhere in this codec. */
export function serviceCodec<Type extends GraphServiceName>(type: Type): ServiceCodec<Type> {
  const { request, response } = definitions[type];
  const [requestDefinitions, responseDefinitions] = [request, response].map(definitionsOfFields);
  return {
    readRequest: decoder(requestDefinitions),
    writeRequest: encoder(requestDefinitions),
    readResponse: decoder(responseDefinitions),
    writeResponse: encoder(responseDefinitions),
  };
}

type Definitions = ReturnType<typeof definitionsOfFields>;

function decoder<Message>(definitions: Definitions = []): Decode<Message> {
  const reader = new MessageReader(definitions);
  return (cdr) => reader.readMessage<Message>(cdr);
}

function encoder<Message>(definitions: Definitions = []): Encode<Message> {
  const writer = new MessageWriter(definitions);
  return (message) => writer.writeMessage(message);
}
