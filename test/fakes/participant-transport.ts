import type { RosNodeTransport } from "../../bridge/contract/ros-services.ts";
import type { Participant } from "../../ros/rtps/participant.ts";

/** A participant of this thread as a transport: what the stand-in's actions are made of. */
export function participantTransport(participant: Participant): RosNodeTransport {
  return {
    info: {
      transport: "rtps",
      reason: "in this thread",
      domainId: 0,
      discoveryRange: "LOCALHOST",
      addresses: [],
    },
    advertise: (topic) => participant.createWriter({ topic }),
    subscribe: (topic, onMessage) => participant.createReader({ topic, onMessage }),
    serve: (service, handler) => {
      const server = participant.createService({
        service,
        onRequest: (cdr, respond) => {
          void Promise.resolve(handler(cdr)).then(respond);
        },
      });
      return {
        service,
        close: () => {
          server.close();
        },
      };
    },
    client: (service) => {
      let serverCount = 0;
      const client = participant.createClient({
        service,
        onServers: (count) => {
          serverCount = count;
        },
      });
      return {
        service,
        get serverCount() {
          return serverCount;
        },
        waitForServer: () => Promise.resolve(serverCount > 0),
        call: (cdr, { timeoutMs }) =>
          new Promise((resolve, reject) => {
            client.call(cdr, timeoutMs, (outcome) => {
              if ("cdr" in outcome) resolve(outcome.cdr);
              else reject(new Error(outcome.failure));
            });
          }),
        close: () => {
          client.close();
        },
      };
    },
    graph: () => Promise.resolve(participant.graph()),
    stats: () => Promise.resolve({ peerCount: 0, malformedCount: 0, topics: [] }),
    [Symbol.asyncDispose]: () => participant[Symbol.asyncDispose](),
  };
}
