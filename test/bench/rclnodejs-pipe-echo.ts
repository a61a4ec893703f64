import { Socket } from "node:net";
import process from "node:process";
import { HostPipe } from "../../ros/rclnodejs/host-pipe.ts";

/** Sends every message back, over the channel it came by. */
if (process.argv[2] === "ipc") {
  process.on("message", (message) => {
    process.send?.(message);
  });
} else {
  const pipe = new HostPipe(new Socket({ fd: 3, readable: true, writable: true }), {
    data: (endpointId, cdr) => {
      pipe.data(endpointId, cdr);
    },
    taken: () => undefined,
    note: (note) => {
      const { kind } = note as { readonly kind: string };
      if (kind === "open") pipe.note({ kind: "ready", ready: {} });
      if (kind === "close") process.exit(0);
    },
    ended: () => process.exit(0),
  });
}
