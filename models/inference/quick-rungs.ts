import { siftPresent } from "../ladder/presence.ts";
import { isCpu, type Rung } from "../ladder/rung.ts";
import type { MortalWorldModel, OpenModel, OpenOrder } from "./candidate.ts";

/** cpu and what stands below it: there at once. All of them where cpu is not wanted. */
function quickRungs(rungs: readonly Rung[]): readonly Rung[] {
  const cpu = rungs.findIndex(isCpu);
  return cpu === -1 ? rungs : rungs.slice(cpu);
}

/** What stands above the quick ones: worth a wait, while a quick one serves. */
export function betterRungs(rungs: readonly Rung[]): readonly Rung[] {
  return rungs.slice(0, rungs.length - quickRungs(rungs).length);
}

/** Opens the package on the quick rungs that this machine has. @throws whatever `open` throws. */
export async function openQuickly(
  { open, exists }: { readonly open: OpenModel; readonly exists: (path: string) => boolean },
  order: Omit<OpenOrder, "isLastResort">,
): Promise<MortalWorldModel> {
  const rungs = siftPresent(quickRungs(order.rungs), { exists, builtIn: undefined }).present;
  return await open({ ...order, rungs, isLastResort: true });
}
