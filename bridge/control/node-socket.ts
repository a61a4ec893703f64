import { WebSocket } from "ws";
import type { SocketConstructor } from "../client/socket.ts";

/** The WebSocket of `ws`, for clients of ours on Node 20, which has none of its own. */
export const NodeSocket: SocketConstructor = WebSocket;
