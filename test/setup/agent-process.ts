import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { createInterface } from "node:readline";

export interface AgentEvent {
  readonly event: "accepted" | "lost" | "holding" | "following";
  readonly posRad?: readonly number[];
  readonly reason?: string;
  readonly code?: string;
  readonly axes?: readonly { readonly name: string; readonly maxVelocityRadPerS: number }[];
  /** When this process heard of it, `performance.now()`. */
  readonly heardMs: number;
}

/** `kairos-bridge agent` as a user runs it: a simulated mount in a process of its own. */
export class AgentProcess implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly events: AgentEvent[] = [];

  private constructor(child: ChildProcess) {
    this.child = child;
    if (child.stdout === null) throw new Error("the agent has no standard output");
    createInterface({ input: child.stdout }).on("line", (line) => {
      const event = JSON.parse(line) as Omit<AgentEvent, "heardMs">;
      this.events.push({ ...event, heardMs: performance.now() });
    });
  }

  static start(url: string, args: readonly string[] = []): AgentProcess {
    const words = ["dist/bridge/cli/main.js", "agent", "--url", url, ...args];
    return new AgentProcess(
      spawn(process.execPath, words, { stdio: ["ignore", "pipe", "inherit"] }),
    );
  }

  /** The first event of a kind after the first `after` events. */
  async heard(kind: AgentEvent["event"], after = 0, timeoutMs = 20_000): Promise<AgentEvent> {
    const deadlineMs = performance.now() + timeoutMs;
    for (;;) {
      const found = this.events.slice(after).find(({ event }) => event === kind);
      if (found !== undefined) return found;
      if (performance.now() > deadlineMs || this.child.exitCode !== null) {
        throw new Error(`no ${kind} from the agent, which said ${JSON.stringify(this.events)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, "exit");
    this.child.kill("SIGCONT");
    this.child.kill("SIGKILL");
    await exited;
  }
}
