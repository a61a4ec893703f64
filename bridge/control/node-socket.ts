import { WebSocket } from "ws";

/** The WebSocket of `ws`, for clients of ours on Node 20, which has none of its own. */
export const NodeSocket = WebSocket;
