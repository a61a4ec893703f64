import * as z from "zod";
import { commandKinds } from "../messages/command-messages.ts";
import { clientMessages, controlProtocol, streamMessages, streamProtocol } from "../messages.ts";

/** What clients may send, as JSON Schema (draft 2020-12): the very schemas messages are judged by. */
export function messageSchemas(): unknown {
  return {
    [controlProtocol]: z.toJSONSchema(
      z.union([...Object.values(clientMessages), ...Object.values(commandKinds)]),
    ),
    [streamProtocol]: z.toJSONSchema(z.union(Object.values(streamMessages))),
  };
}
