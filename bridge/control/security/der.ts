/**
 * The few forms of DER (ITU-T X.690) that a certificate is made of. Writing them takes a page; the
 * libraries that do it bring forty packages along.
 */
export const Tag = {
  Boolean: 0x01,
  Integer: 0x02,
  BitString: 0x03,
  OctetString: 0x04,
  ObjectId: 0x06,
  Utf8String: 0x0c,
  Sequence: 0x30,
  Set: 0x31,
  UtcTime: 0x17,
  GeneralizedTime: 0x18,
} as const;

/** Tag, length, value. Section 8.1.3: lengths from 128 on say first how many bytes they have. */
export function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const value = Buffer.concat(parts);
  const head = [tag];
  if (value.length < 0x80) head.push(value.length);
  else {
    const digits = value.length.toString(16);
    const bytes = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, "hex");
    head.push(0x80 | bytes.length, ...bytes);
  }
  return Buffer.concat([Buffer.from(head), value]);
}

export const sequence = (...parts: readonly Uint8Array[]): Buffer => der(Tag.Sequence, ...parts);

/** `[number]` of a CHOICE or an optional field, around other values (constructed) or bytes. */
export const tagged = (number: number, ...parts: readonly Uint8Array[]): Buffer =>
  der(0xa0 | number, ...parts);
export const taggedBytes = (number: number, bytes: Uint8Array): Buffer => der(0x80 | number, bytes);

/** A number that is not negative: a leading zero keeps its highest bit from being a sign. */
export function integer(bytes: Uint8Array): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0);
  const digits = first < 0 ? Buffer.from([0]) : Buffer.from(bytes.subarray(first));
  return der(
    Tag.Integer,
    (digits[0] ?? 0) < 0x80 ? digits : Buffer.concat([Buffer.from([0]), digits]),
  );
}

/** `1.2.840.10045.4.3.2`: base 128, the first two numbers in one (section 8.19). */
export function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap((number) => {
    const digits = [number & 0x7f];
    for (let left = number >>> 7; left > 0; left >>>= 7) digits.unshift(0x80 | (left & 0x7f));
    return digits;
  });
  return der(Tag.ObjectId, Buffer.from(bytes));
}

export const bitString = (bytes: Uint8Array, unusedBits = 0): Buffer =>
  der(Tag.BitString, Buffer.from([unusedBits]), bytes);
export const octetString = (bytes: Uint8Array): Buffer => der(Tag.OctetString, bytes);
export const utf8String = (text: string): Buffer => der(Tag.Utf8String, Buffer.from(text));
export const isTrue = der(Tag.Boolean, Buffer.from([0xff]));

/** RFC 5280 section 4.1.2.5: two digits of the year up to 2049, four after. */
export function time(date: Date): Buffer {
  const digits = date.toISOString().replace(/[-:T]/g, "").slice(0, 14);
  return date.getUTCFullYear() < 2050
    ? der(Tag.UtcTime, Buffer.from(`${digits.slice(2)}Z`))
    : der(Tag.GeneralizedTime, Buffer.from(`${digits}Z`));
}
