/** Is the remote address of a socket this machine's own? IPv4 may come mapped into IPv6 (RFC 4291 2.5.5.2). */
export function isLoopbackAddress(address: string): boolean {
  const plain = address.replace(/^::ffff:/i, "");
  return plain === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(plain);
}
