/**
 * Writes the small part of ONNX (onnx.proto3, IR version 8) that test graphs need, without a protobuf
 * library. Field numbers are those of onnx.proto3.
 */
type Dim = number | string;
interface ValueInfo {
  readonly name: string;
  readonly shape: readonly Dim[];
  /** TensorProto.DataType: 1 float, 2 uint8, 6 int32, 7 int64, 9 bool, 10 float16, 11 double, 16 bfloat16. */
  readonly elementType?: number;
}
interface Initializer {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: readonly number[] | readonly bigint[];
  /** The values stand in this file, from its first byte, and not in the graph: see `externalBytes`. */
  readonly externalFile?: string;
}
type Attribute = number | readonly number[] | string | OnnxGraph;
interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
}
export interface OnnxGraph {
  readonly name: string;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly initializers?: readonly Initializer[];
  readonly nodes: readonly OnnxNode[];
}

/** The bytes of a model file. */
export function onnxModel(graph: OnnxGraph, opset = 17): Uint8Array {
  return Buffer.concat([
    varintField(1, 8),
    textField(2, "kairos-bridge tests"),
    bytesField(7, graphProto(graph)),
    bytesField(8, Buffer.concat([textField(1, ""), varintField(2, opset)])),
  ]);
}

function graphProto(graph: OnnxGraph): Buffer {
  return Buffer.concat([
    ...graph.nodes.map((node, index) => bytesField(1, nodeProto(node, `${graph.name}/${index}`))),
    textField(2, graph.name),
    ...(graph.initializers ?? []).map((value) => bytesField(5, tensorProto(value))),
    ...graph.inputs.map((value) => bytesField(11, valueInfoProto(value))),
    ...graph.outputs.map((value) => bytesField(12, valueInfoProto(value))),
  ]);
}

function nodeProto(node: OnnxNode, name: string): Buffer {
  return Buffer.concat([
    ...node.inputs.map((input) => textField(1, input)),
    ...node.outputs.map((output) => textField(2, output)),
    textField(3, name),
    textField(4, node.op),
    ...Object.entries(node.attributes ?? {}).map((entry) =>
      bytesField(5, attributeProto(...entry)),
    ),
  ]);
}

function attributeProto(name: string, value: Attribute): Buffer {
  const head = textField(1, name);
  if (typeof value === "number") {
    return Buffer.concat([head, varintField(3, value), varintField(20, 2)]);
  }
  if (typeof value === "string") {
    return Buffer.concat([head, textField(4, value), varintField(20, 3)]);
  }
  if ("nodes" in value) {
    return Buffer.concat([head, bytesField(6, graphProto(value)), varintField(20, 5)]);
  }
  return Buffer.concat([head, ...value.map((v) => varintField(8, v)), varintField(20, 7)]);
}

/** What the external file of an initializer holds. */
export function externalBytes({ data }: Pick<Initializer, "data">): Uint8Array {
  return new Uint8Array(Float32Array.from(data as readonly number[]).buffer);
}

function tensorProto(initializer: Initializer): Buffer {
  const { name, shape, data, externalFile } = initializer;
  const isInteger = typeof data[0] === "bigint";
  const raw = isInteger
    ? BigInt64Array.from(data as readonly bigint[])
    : Float32Array.from(data as readonly number[]);
  return Buffer.concat([
    ...shape.map((size) => varintField(1, size)),
    varintField(2, isInteger ? 7 : 1),
    textField(8, name),
    ...(externalFile === undefined
      ? [bytesField(9, Buffer.from(raw.buffer))]
      : [
          bytesField(13, keyValue("location", externalFile)),
          bytesField(13, keyValue("length", String(raw.byteLength))),
          varintField(14, 1),
        ]),
  ]);
}

const keyValue = (key: string, value: string): Buffer =>
  Buffer.concat([textField(1, key), textField(2, value)]);

function valueInfoProto({ name, shape, elementType = 1 }: ValueInfo): Buffer {
  const dims = shape.map((dim) =>
    bytesField(1, typeof dim === "number" ? varintField(1, dim) : textField(2, dim)),
  );
  const tensor = Buffer.concat([varintField(1, elementType), bytesField(2, Buffer.concat(dims))]);
  return Buffer.concat([textField(1, name), bytesField(2, bytesField(1, tensor))]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

const varintField = (field: number, value: number): Buffer =>
  Buffer.concat([varint(field << 3), varint(value)]);
const bytesField = (field: number, content: Uint8Array): Buffer =>
  Buffer.concat([varint((field << 3) | 2), varint(content.byteLength), content]);
const textField = (field: number, text: string): Buffer => bytesField(field, Buffer.from(text));
