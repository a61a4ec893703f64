import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";
import type { TargetScript } from "../../bridge/contract/simulator.ts";

/** @throws BridgeError `sim/model` naming the first thing that is wrong. */
export function checkTargetScripts(
  scripts: readonly TargetScript[],
  targets: readonly string[],
): void {
  scripts.forEach(({ target, keyframes }, index) => {
    const wrong = (text: string): never => {
      throw new BridgeError(ErrorCode.SimModel, `script of "${target}": ${text}`);
    };
    if (!targets.includes(target)) wrong(`there is no such target, expected ${targets.join(", ")}`);
    if (scripts.findIndex((other) => other.target === target) !== index) wrong("is there twice");
    if (keyframes.length === 0) wrong("has no keyframe, expected at least one");
    keyframes.forEach(({ timeS, positionM }, at) => {
      const previousS = keyframes[at - 1]?.timeS ?? -Infinity;
      if (!(timeS >= 0 && timeS > previousS && Number.isFinite(timeS))) {
        wrong(`keyframe ${at} is at ${timeS} s, expected 0 or more and rising`);
      }
      if (!positionM.every((m) => Math.abs(m) <= 10)) {
        wrong(`keyframe ${at} is at ${positionM.join(", ")} m, expected within 10 m`);
      }
    });
  });
}
