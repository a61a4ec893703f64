import type {
  ParameterDescriptorMessage,
  ParameterMessage,
  ParameterValueMessage,
} from "../messages/graph-messages.ts";
import type { ParameterAssignment, ParameterDescription } from "./parameter-store.ts";
import {
  parameterTypeNumber,
  type ParameterTypeName,
  type ParameterValue,
} from "./parameter-value.ts";

const empty: ParameterValueMessage = {
  type: parameterTypeNumber.not_set,
  bool_value: false,
  integer_value: 0n,
  double_value: 0,
  string_value: "",
  byte_array_value: new Uint8Array(0),
  bool_array_value: [],
  integer_array_value: new BigInt64Array(0),
  double_array_value: new Float64Array(0),
  string_array_value: [],
};

export function valueMessage(value: ParameterValue): ParameterValueMessage {
  return { ...empty, type: parameterTypeNumber[value.type], ...fieldOf(value) };
}

export const parameterMessage = ({ name, value }: ParameterAssignment): ParameterMessage => ({
  name,
  value: valueMessage(value),
});

/** An integer beyond 2^53 loses digits; no parameter of ours has such a range. */
export function assignmentOf({ name, value }: ParameterMessage): ParameterAssignment {
  return { name, value: valueOf(value) };
}

/** @param found undefined for a name that nobody declared: only the name comes back, as from rclpy. */
export function descriptorMessage(
  name: string,
  found: ParameterDescription | undefined,
): ParameterDescriptorMessage {
  const { type = "not_set", range } = found ?? {};
  return {
    name,
    type: parameterTypeNumber[type],
    description: found?.description ?? "",
    additional_constraints: found?.additionalConstraints ?? "",
    read_only: found?.readOnly ?? false,
    dynamic_typing: false,
    floating_point_range:
      type === "double" && range !== undefined
        ? [{ from_value: range.from, to_value: range.to, step: range.step }]
        : [],
    integer_range:
      type === "integer" && range !== undefined
        ? [
            {
              from_value: BigInt(range.from),
              to_value: BigInt(range.to),
              step: BigInt(range.step),
            },
          ]
        : [],
  };
}

function fieldOf(value: ParameterValue): Partial<ParameterValueMessage> {
  switch (value.type) {
    case "not_set":
      return {};
    case "bool":
      return { bool_value: value.value };
    case "integer":
      return { integer_value: BigInt(value.value) };
    case "double":
      return { double_value: value.value };
    case "string":
      return { string_value: value.value };
    case "byte_array":
      return { byte_array_value: value.value };
    case "bool_array":
      return { bool_array_value: value.value };
    case "integer_array":
      return { integer_array_value: BigInt64Array.from(value.value, BigInt) };
    case "double_array":
      return { double_array_value: Float64Array.from(value.value) };
    case "string_array":
      return { string_array_value: [...value.value] };
    default:
      return value satisfies never;
  }
}

function valueOf(message: ParameterValueMessage): ParameterValue {
  const type = typeNames[message.type] ?? "not_set";
  switch (type) {
    case "not_set":
      return { type };
    case "bool":
      return { type, value: message.bool_value };
    case "integer":
      return { type, value: Number(message.integer_value) };
    case "double":
      return { type, value: message.double_value };
    case "string":
      return { type, value: message.string_value };
    case "byte_array":
      return { type, value: message.byte_array_value };
    case "bool_array":
      return { type, value: message.bool_array_value.map(Boolean) };
    case "integer_array":
      return { type, value: Array.from(message.integer_array_value, Number) };
    case "double_array":
      return { type, value: [...message.double_array_value] };
    case "string_array":
      return { type, value: message.string_array_value };
    default:
      return type satisfies never;
  }
}

const typeNames = Object.keys(parameterTypeNumber) as ParameterTypeName[];
