import { writeFileSync } from "node:fs";
import process from "node:process";
import { createInterface } from "node:readline/promises";
import type { Config } from "../config.ts";
import { openLog } from "../log.ts";
import { tryDevice } from "../parts/device-trial.ts";
import type { TrialDialog } from "../trial/run-trial.ts";
import { isSound, type TrialReport } from "../trial/trial-report.ts";
import { trialSvg, trialText } from "./devices-test-text.ts";

export interface DeviceTestFlags {
  /** Agrees to the motion; nobody is asked, and signs stay unchecked. */
  readonly yes?: boolean;
  readonly json?: boolean;
  /** File for the drawing. */
  readonly plot?: string;
}

/** Runs the guided trial on the terminal. Ctrl-C stops the device, a second one the process. */
export async function runDeviceTest(
  config: Config,
  { yes = false, json = false, plot }: DeviceTestFlags,
  print: (text: string) => void,
): Promise<TrialReport> {
  const stop = new AbortController();
  const onInterrupt = (): void => {
    stop.abort(new Error("stopped by hand"));
  };
  process.once("SIGINT", onInterrupt);
  process.once("SIGTERM", onInterrupt);
  const say = json ? (): void => undefined : print;
  const { log } = openLog({ ...config.log, level: "error" });
  try {
    const dialog = yes ? agreed(say) : terminalDialog(say, stop.signal);
    const report = await tryDevice(config, { dialog, signal: stop.signal, log });
    print(json ? JSON.stringify(withoutTraces(report), undefined, 2) : trialText(report));
    if (plot !== undefined && report.steps.length > 0) {
      writeFileSync(plot, trialSvg(report));
      say(`step responses drawn in ${plot}`);
    }
    if (!isSound(report)) process.exitCode = 1;
    return report;
  } finally {
    process.off("SIGINT", onInterrupt);
    process.off("SIGTERM", onInterrupt);
  }
}

/** `--yes` agrees to the motion and to nothing else: a sign has to be seen. */
function agreed(say: (text: string) => void): TrialDialog {
  let hasAgreed = false;
  return {
    say,
    confirm: () => {
      const answer = hasAgreed ? undefined : true;
      hasAgreed = true;
      return Promise.resolve(answer);
    },
  };
}

function terminalDialog(say: (text: string) => void, signal: AbortSignal): TrialDialog {
  return {
    say,
    confirm: async (question) => {
      // Without a terminal there is nobody who could agree.
      if (!process.stdin.isTTY) return undefined;
      const terminal = createInterface({ input: process.stdin, output: process.stdout });
      terminal.on("SIGINT", () => process.emit("SIGINT"));
      try {
        const answer = await terminal.question(`${question} [y/n] `, { signal });
        return /^y(es)?$/i.test(answer.trim());
      } finally {
        terminal.close();
      }
    },
  };
}

/** Thousands of samples say nothing to a program that asks for the outcome. */
function withoutTraces({ steps, ...report }: TrialReport): unknown {
  return { ...report, steps: steps.map(({ axis, response }) => ({ axis, ...response })) };
}
