import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";

export const socketBufferBytes = 4 * 1024 * 1024;

export function makeSocket(options: { readonly shared: boolean }): Socket {
  return createSocket({
    type: "udp4",
    reuseAddr: options.shared,
    // Addresses only, never names: answering at once saves a tick of the event loop per send.
    lookup: (address, _options, done) => {
      done(null, address, 4);
    },
  });
}

export async function bindSocket(socket: Socket, port: number, address: string): Promise<void> {
  // Listened for first: with a lookup that answers at once, the event comes before `bind` returns.
  const listening = once(socket, "listening");
  socket.bind({ port, address, exclusive: true });
  await listening;
}

export async function closeSocket(socket: Socket): Promise<void> {
  await new Promise<void>((resolve) => {
    try {
      socket.close(() => {
        resolve();
      });
    } catch {
      resolve(); // Never bound, or closed before.
    }
  });
}
