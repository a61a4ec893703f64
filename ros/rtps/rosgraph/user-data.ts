/**
 * The USER_DATA of participants and endpoints as ROS 2 writes it: `key=value;` pairs, in rmw's words.
 * `enclave` stands at participants; `typehash` at topics, since Iron.
 */
export function userDataText(pairs: Readonly<Record<string, string | undefined>>): string {
  let text = "";
  for (const [key, value] of Object.entries(pairs)) {
    if (value !== undefined && value !== "") text += `${key}=${value};`;
  }
  return text;
}

/** The value of `key`; "" where it is not stated, or what stands there is no such text. */
export function userDataValue(text: string, key: string): string {
  for (const pair of text.split(";")) {
    if (pair.startsWith(`${key}=`)) return pair.slice(key.length + 1);
  }
  return "";
}
