/**
 * CRC-16 with polynomial 0x8005, start 0, nothing reflected, no final xor, as ROBOTIS Protocol 2.0 has it
 * (e-Manual, "CRC Calculation"; elsewhere CRC-16/UMTS).
 */
const table = Uint16Array.from({ length: 256 }, (_, high) => {
  let crc = high << 8;
  for (let bit = 0; bit < 8; bit += 1) {
    crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ 0x8005;
  }
  return crc;
});

/** @param before the CRC of what came before `start`. // hot path */
export function crc16(bytes: Uint8Array, start: number, end: number, before = 0): number {
  let crc = before;
  for (let at = start; at < end; at += 1) {
    const index = ((crc >> 8) ^ (bytes[at] ?? 0)) & 0xff;
    crc = ((crc << 8) ^ (table[index] ?? 0)) & 0xffff;
  }
  return crc;
}
