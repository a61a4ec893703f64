/**
 * Whether a writer and a reader are in a common partition (DDS 1.4, 2.2.3.13). Names may be patterns with
 * POSIX wildcards; two patterns only meet where they are the same text. No name at all is the partition "".
 */
export function shareAPartition(offered: readonly string[], requested: readonly string[]): boolean {
  const ours = offered.length === 0 ? [""] : offered;
  const theirs = requested.length === 0 ? [""] : requested;
  return ours.some((one) => theirs.some((other) => partitionsMeet(one, other)));
}

function partitionsMeet(one: string, other: string): boolean {
  if (one === other) return true;
  if (isPattern(one)) return !isPattern(other) && matchesPattern(other, one);
  return isPattern(other) && matchesPattern(one, other);
}

function isPattern(name: string): boolean {
  return /[*?[]/.test(name);
}

/** `*`, `?` and `[a-z]`, `[!a-z]` as in fnmatch. Steps back to the last `*` only, so it cannot explode. */
function matchesPattern(name: string, pattern: string): boolean {
  let at = 0;
  let next = 0;
  let starNext = -1;
  let starAt = 0;
  while (at < name.length) {
    const length = pattern[next] === "*" ? 0 : matchOne(name.charAt(at), pattern, next);
    if (pattern[next] === "*") {
      starNext = next;
      starAt = at;
      next += 1;
    } else if (length > 0) {
      at += 1;
      next += length;
    } else if (starNext >= 0) {
      starAt += 1;
      at = starAt;
      next = starNext + 1;
    } else {
      return false;
    }
  }
  return /^\**$/.test(pattern.slice(next));
}

/** How many characters of the pattern `character` satisfies from `next` on; 0 = it does not. */
function matchOne(character: string, pattern: string, next: number): number {
  if (pattern[next] === "?") return 1;
  const end = pattern[next] === "[" ? pattern.indexOf("]", next + 2) : -1;
  if (end < 0) return pattern[next] === character ? 1 : 0;
  const isNegated = pattern[next + 1] === "!";
  const inside = isInSet(character, pattern.slice(next + (isNegated ? 2 : 1), end));
  return inside === isNegated ? 0 : end + 1 - next;
}

function isInSet(character: string, set: string): boolean {
  for (let index = 0; index < set.length; index += 1) {
    const isRange = set[index + 1] === "-" && index + 2 < set.length;
    const last = isRange ? set.charAt(index + 2) : set.charAt(index);
    if (character >= set.charAt(index) && character <= last) return true;
    if (isRange) index += 2;
  }
  return false;
}
