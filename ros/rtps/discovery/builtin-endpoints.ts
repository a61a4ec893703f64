import type { EndpointContext, ReceivedSample } from "../endpoint.ts";
import { encodeEndpoint, encodeKey, type EndpointData } from "../params/discovery-data.ts";
import { defaultQos, Durability, type EndpointQos } from "../params/qos.ts";
import { Reader } from "../reader/reader.ts";
import { type Guid, guidKey, guidToBytes } from "../wire/guid.ts";
import { EntityId, ParameterId } from "../wire/protocol.ts";
import { Writer } from "../writer/writer.ts";
import type { EndpointKind, Peer } from "./peer.ts";

/** Takes what peers say through their builtin writers. May throw MalformedData. */
export interface BuiltinListener {
  onEndpoint(kind: EndpointKind, sample: ReceivedSample, from: Guid): void;
  onParticipantMessage(sample: ReceivedSample, from: Guid): void;
}

const builtinQos: EndpointQos = {
  ...defaultQos,
  reliable: true,
  durability: Durability.TransientLocal,
  depth: 1024,
};

/** The writers and readers through which participants tell of their endpoints (8.5.4) and of being alive (8.4.13). */
export class BuiltinEndpoints {
  readonly participantMessages: Writer;
  readonly #context: EndpointContext;
  readonly #publications: Writer;
  readonly #subscriptions: Writer;
  /** 9.3.2: each pair with its bits in a peer's set of builtin endpoints. */
  readonly #pairs: readonly {
    readonly writerBit: number;
    readonly readerBit: number;
    readonly writer: Writer;
    readonly reader: Reader;
  }[];

  constructor(context: EndpointContext, listener: BuiltinListener) {
    this.#context = context;
    this.#publications = this.#writer(EntityId.PublicationsWriter);
    this.#subscriptions = this.#writer(EntityId.SubscriptionsWriter);
    this.participantMessages = this.#writer(EntityId.ParticipantMessageWriter);
    const readers = {
      publications: this.#reader(EntityId.PublicationsReader, (sample, from) => {
        listener.onEndpoint("writers", sample, from);
      }),
      subscriptions: this.#reader(EntityId.SubscriptionsReader, (sample, from) => {
        listener.onEndpoint("readers", sample, from);
      }),
      participantMessages: this.#reader(EntityId.ParticipantMessageReader, (sample, from) => {
        listener.onParticipantMessage(sample, from);
      }),
    };
    this.#pairs = [
      { writerBit: 2, readerBit: 3, writer: this.#publications, reader: readers.publications },
      { writerBit: 4, readerBit: 5, writer: this.#subscriptions, reader: readers.subscriptions },
      {
        writerBit: 10,
        readerBit: 11,
        writer: this.participantMessages,
        reader: readers.participantMessages,
      },
    ];
  }

  announce(kind: EndpointKind, data: EndpointData): void {
    this.#announcerOf(kind).write(encodeEndpoint(data), guidKey(data.guid));
  }

  dispose(kind: EndpointKind, guid: Guid): void {
    const key = encodeKey(ParameterId.EndpointGuid, guid);
    this.#announcerOf(kind).writeDisposal(key, guidKey(guid), guidToBytes(guid));
  }

  /** Discovery's own topics match by participant, not by announcement. Again, when its address changed. */
  match(peer: Peer): void {
    const { prefix, builtinEndpoints } = peer.data;
    const locator = peer.metatraffic;
    for (const { writerBit, readerBit, writer, reader } of this.#pairs) {
      if (((builtinEndpoints >>> readerBit) & 1) === 1) {
        const guid = { prefix, entityId: reader.options.entityId };
        peer.addReaderProxy(guid.entityId, writer.match({ guid, locator, qos: builtinQos }));
      }
      if (((builtinEndpoints >>> writerBit) & 1) === 1) {
        const guid = { prefix, entityId: writer.options.entityId };
        const proxy = reader.match({ guid, locator, qos: builtinQos });
        if (peer.addWriterProxy(guid.entityId, proxy)) proxy.start();
      }
    }
  }

  unmatch(peer: Peer): void {
    const { prefix } = peer.data;
    for (const { writer, reader } of this.#pairs) {
      writer.unmatch({ prefix, entityId: reader.options.entityId });
      reader.unmatch({ prefix, entityId: writer.options.entityId });
    }
  }

  close(): void {
    for (const { writer, reader } of this.#pairs) {
      writer.close();
      reader.close();
    }
  }

  #announcerOf(kind: EndpointKind): Writer {
    return kind === "writers" ? this.#publications : this.#subscriptions;
  }

  #writer(entityId: number): Writer {
    const names = { topicName: "", typeName: "" };
    return new Writer({ entityId, ...names, qos: builtinQos, keyed: true }, this.#context);
  }

  #reader(entityId: number, onSample: (sample: ReceivedSample, from: Guid) => void): Reader {
    const names = { topicName: "", typeName: "" };
    const guarded = (sample: ReceivedSample, from: Guid): void => {
      // One that cannot be read must not hold up the others.
      try {
        onSample(sample, from);
      } catch {
        this.#context.malformed.add("discovery");
      }
    };
    return new Reader({ entityId, ...names, qos: builtinQos, onSample: guarded }, this.#context);
  }
}
