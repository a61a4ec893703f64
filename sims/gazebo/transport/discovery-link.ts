import { createSocket, type Socket } from "node:dgram";
import { BridgeError, ErrorCode, errorText } from "../../../bridge/contract/errors.ts";

/** Datagrams to and from everybody in the multicast group. */
export interface DiscoveryLink {
  send(datagram: Uint8Array): void;
  close(): void;
}

export interface UdpDiscoveryOptions {
  /** Interface to send on and to listen on. */
  readonly address: string;
  readonly multicastGroup: string;
  readonly port: number;
  /** @param from address of the sender. */
  readonly onDatagram: (datagram: Uint8Array, from: string) => void;
}

/**
 * Discovery over UDP multicast, bound to one interface. `reuseAddr` lets Gazebo's own processes and us
 * share the port.
 *
 * @throws BridgeError `sim/transport` if the port or the interface cannot be used.
 */
export async function openUdpDiscovery(options: UdpDiscoveryOptions): Promise<DiscoveryLink> {
  const { address, multicastGroup, port, onDatagram } = options;
  const socket = createSocket({ type: "udp4", reuseAddr: true });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.bind({ port, address: "0.0.0.0" }, resolve);
    });
    socket.setMulticastInterface(address);
    socket.addMembership(multicastGroup, address);
    socket.setMulticastLoopback(true);
    socket.setMulticastTTL(1);
  } catch (error) {
    socket.close();
    throw new BridgeError(
      ErrorCode.SimTransport,
      `discovery on ${address}, group ${multicastGroup}, port ${port}: ${errorText(error)}`,
      { cause: error },
    );
  }
  socket.removeAllListeners("error");
  // A network that went down is silence; discovery copes with that.
  socket.on("error", () => undefined);
  socket.on("message", (datagram, from) => {
    onDatagram(datagram, from.address);
  });
  return udpLink(socket, multicastGroup, port);
}

function udpLink(socket: Socket, multicastGroup: string, port: number): DiscoveryLink {
  let isOpen = true;
  return {
    send: (datagram) => {
      if (isOpen) socket.send(datagram, port, multicastGroup, () => undefined);
    },
    close: () => {
      if (!isOpen) return;
      isOpen = false;
      // What was sent last, a BYE, is given to the system before the socket closes.
      setImmediate(() => {
        socket.close();
      });
    },
  };
}
