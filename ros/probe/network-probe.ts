import { createSocket, type Socket } from "node:dgram";
import { networkInterfaces } from "node:os";
import { errorText } from "../../bridge/contract/errors.ts";
import type { Finding } from "../../bridge/contract/finding.ts";
import type { RosNetwork } from "../environment.ts";
import { metatrafficPort, multicastAddress, multicastPort } from "../rtps/wire/protocol.ts";

const loopback = "127.0.0.1";
const echoTimeoutMs = 500;
/** Participants on one machine that others look for by port alone (as `rtps/udp-link.ts` does). */
const probedParticipants = 32;

/** Whether DDS can work here: interfaces, multicast on loopback, ports. Sends to loopback only. */
export async function probeDdsNetwork(network: RosNetwork): Promise<Finding[]> {
  return [
    interfaces(network),
    await loopbackMulticast(network.domainId),
    await participants(network.domainId),
  ];
}

function interfaces({ discoveryRange }: RosNetwork): Finding {
  const found = Object.entries(networkInterfaces()).flatMap(([name, addresses]) =>
    (addresses ?? [])
      .filter(({ family }) => family === "IPv4")
      .map(({ address }) => ({ name, address })),
  );
  const outward = found.filter(({ address }) => !address.startsWith("127."));
  const text =
    found.map(({ name, address }) => `${name} ${address}`).join(", ") || "none with IPv4";
  const subject = "interfaces";
  const details = { interfaces: found };
  if (discoveryRange === "SUBNET" && outward.length === 0) {
    const advice = "connect a network, or use range LOCALHOST";
    return { level: "warn", subject, text: `${text}: no subnet to reach`, advice, details };
  }
  return { level: found.length === 0 ? "fail" : "ok", subject, text, details };
}

/** Sends one datagram to DDS's multicast address over loopback and waits for it. */
async function loopbackMulticast(domainId: number): Promise<Finding> {
  const port = multicastPort(domainId);
  const subject = "multicast";
  const where = `${multicastAddress}:${port} over loopback`;
  try {
    if (await hearsItself(port)) return { level: "ok", subject, text: `${where} works` };
    const text = `${where}: nothing comes back; peers on this machine are found by port instead`;
    return { level: "note", subject, text, advice: multicastAdvice };
  } catch (error) {
    const text = `${where}: ${errorText(error)}; peers on this machine are found by port instead`;
    return { level: "note", subject, text, advice: multicastAdvice };
  }
}

const multicastAdvice =
  "sudo ip link set lo multicast on && sudo ip route add 239.0.0.0/8 dev lo, if DDS tools miss each other";

async function hearsItself(port: number): Promise<boolean> {
  const receiver = createSocket({ type: "udp4", reuseAddr: true });
  const sender = createSocket("udp4");
  const token = `kairos-bridge doctor ${Math.random()}`;
  try {
    await bound(receiver, port, multicastAddress);
    receiver.addMembership(multicastAddress, loopback);
    await bound(sender, 0, loopback);
    sender.setMulticastInterface(loopback);
    sender.setMulticastLoopback(true);
    const heard = new Promise<boolean>((resolve, reject) => {
      const timer = setTimeout(resolve, echoTimeoutMs, false);
      receiver.on("message", (datagram) => {
        if (datagram.toString() !== token) return;
        clearTimeout(timer);
        resolve(true);
      });
      sender.send(token, port, multicastAddress, (error) => {
        if (error !== null) reject(error);
      });
    });
    return await heard;
  } finally {
    receiver.close();
    sender.close();
  }
}

/** Which well-known ports of a domain are taken, which is who else takes part on this machine. */
async function participants(domainId: number): Promise<Finding> {
  const ports = Array.from({ length: probedParticipants }, (_, i) => metatrafficPort(domainId, i));
  const isFree = await Promise.all(ports.map(canBind));
  const taken = ports.filter((_, index) => isFree[index] !== true);
  const subject = "DDS ports";
  const range = `UDP ${ports[0] ?? 0} to ${ports.at(-1) ?? 0}`;
  const details = { taken };
  if (taken.length === ports.length) {
    const advice = "stop other DDS programs, or use another ROS_DOMAIN_ID";
    return { level: "fail", subject, text: `${range}: none is free`, advice, details };
  }
  const others = taken.length === 0 ? "free" : `${taken.length} taken by other DDS participants`;
  return { level: "ok", subject, text: `${range}: ${others}`, details };
}

async function canBind(port: number): Promise<boolean> {
  const socket = createSocket("udp4");
  try {
    await bound(socket, port, loopback);
    return true;
  } catch {
    return false;
  } finally {
    socket.close();
  }
}

async function bound(socket: Socket, port: number, address: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.bind({ port, address, exclusive: true }, resolve);
  });
}
