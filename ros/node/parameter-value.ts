/** A value as rcl_interfaces/msg/ParameterValue can carry it. Integers are safe integers of JavaScript. */
export type ParameterValue =
  | { readonly type: "not_set" }
  | { readonly type: "bool"; readonly value: boolean }
  | { readonly type: "integer"; readonly value: number }
  | { readonly type: "double"; readonly value: number }
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "byte_array"; readonly value: Uint8Array }
  | { readonly type: "bool_array"; readonly value: readonly boolean[] }
  | { readonly type: "integer_array"; readonly value: readonly number[] }
  | { readonly type: "double_array"; readonly value: readonly number[] }
  | { readonly type: "string_array"; readonly value: readonly string[] };

export type ParameterTypeName = ParameterValue["type"];

/** The constants of rcl_interfaces/msg/ParameterType. */
export const parameterTypeNumber: Readonly<Record<ParameterTypeName, number>> = {
  not_set: 0,
  bool: 1,
  integer: 2,
  double: 3,
  string: 4,
  byte_array: 5,
  bool_array: 6,
  integer_array: 7,
  double_array: 8,
  string_array: 9,
};

/** Its plain value, for whoever knows what type it has. */
export function plainValue(value: ParameterValue): unknown {
  return value.type === "not_set" ? undefined : value.value;
}

/** For people: as `ros2 param get` prints it. */
export function parameterText(value: ParameterValue): string {
  return value.type === "not_set" ? "not set" : String(value.value);
}
