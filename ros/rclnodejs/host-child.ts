import { Socket } from "node:net";
import process from "node:process";
import { workerFailure } from "../../bridge/contract/worker-host.ts";
import { checkedRclnodejs } from "./api.ts";
import { type OpenNote, packNote, type ToHostProcess, unpackNote } from "./host-notes.ts";
import { HostPipe } from "./host-pipe.ts";
import { RclHost } from "./rcl-host.ts";

/**
 * Entry of the ROS host process: one rclnodejs node behind a pipe, the fourth standard stream. It is
 * started by `HostProcess` and lives as long as that pipe.
 */
let host: RclHost | undefined;

const pipe = new HostPipe(new Socket({ fd: 3, readable: true, writable: true }), {
  data: (endpointId, cdr) => host?.publish(endpointId, cdr),
  taken: (endpointId, count) => host?.taken(endpointId, count),
  note: (note, cdr) => {
    void handle(unpackNote(note, cdr) as ToHostProcess);
  },
  // The service is gone: nobody is left to publish for.
  ended: end,
});

// Control-C reaches the whole process group. When to leave the graph is the service's decision: it may
// still have a last state to publish.
process.on("SIGINT", () => undefined);
process.on("SIGTERM", end);

async function handle(note: ToHostProcess): Promise<void> {
  if (note.kind === "open") await open(note);
  else if (note.kind === "close") end();
  else host?.handle(note);
}

async function open({ module, nodeName, namespace }: OpenNote): Promise<void> {
  try {
    const rcl = checkedRclnodejs(await import(module));
    // No arguments: names and parameters of the command line are the service's, for either transport.
    await rcl.init(undefined, []);
    rcl.removeSignalHandlers();
    const node = new rcl.Node(nodeName, namespace, undefined, new rcl.NodeOptions(false));
    node.spin();
    host = new RclHost(rcl, node, {
      data: (endpointId, cdr) => {
        pipe.data(endpointId, cdr);
      },
      note: (message) => {
        pipe.note(...packNote(message));
      },
    });
    pipe.note({ kind: "ready", ready: { middleware: node.getRMWImplementationIdentifier() } });
  } catch (error) {
    pipe.note(workerFailure(error));
  }
}

/** Native threads may hold the process: it does not wait for them. */
function end(): void {
  try {
    host?.close();
  } finally {
    process.exit(0);
  }
}
