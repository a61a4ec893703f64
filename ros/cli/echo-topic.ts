import { errorText } from "../../bridge/contract/errors.ts";
import type { RosNodeTransport } from "../../bridge/contract/ros-services.ts";
import type { RosQos } from "../../bridge/contract/ros-transport.ts";
import { anyMessageReader } from "../messages/codec.ts";
import { messageDefinition } from "../messages/reader-definitions.ts";
import { fieldAt, messageTree, type MessageTree } from "./message-tree.ts";
import { messageCsv, messageYaml, type YamlOptions } from "./message-yaml.ts";
import { findTopic } from "./topic-watch.ts";

export interface EchoOptions extends YamlOptions {
  readonly topic: string;
  readonly type?: string;
  readonly once?: boolean;
  readonly csv?: boolean;
  /** Path of the one field to print. */
  readonly field?: string;
  /** Elements of lists and characters of texts; default 128, as ROS has it. */
  readonly truncateLength?: number;
  readonly qos?: Partial<RosQos>;
  readonly print: (text: string) => void;
  /** Beside what is printed: notes for people. */
  readonly note: (text: string) => void;
  readonly signal: AbortSignal;
}

const defaultTruncateLength = 128;

/**
 * Prints messages until the signal is aborted, or the first one with `once`.
 *
 * @returns false when what was asked for cannot be printed, with a note why.
 */
export async function echoTopic(
  transport: RosNodeTransport,
  options: EchoOptions,
): Promise<boolean> {
  const { signal, note } = options;
  const found = await findTopic(transport, options.topic, options.type, {
    signal,
    onWait: () => {
      note(`WARNING: topic [${options.topic}] does not appear to be published yet`);
    },
  });
  const { name, type } = found;
  const textOf = printerFor(type, options);
  if (textOf.note !== undefined) note(textOf.note);
  return await new Promise<boolean>((resolve) => {
    const end = (good: boolean): void => {
      subscription.close();
      signal.removeEventListener("abort", stop);
      resolve(good);
    };
    const stop = (): void => {
      end(true);
    };
    const subscription = transport.subscribe(
      { name, type, qos: { ...found.qos, ...options.qos } },
      (cdr) => {
        const printed = textOf.print(cdr);
        if (!printed.ok) {
          note(printed.problem);
          if (printed.isFinal) end(false);
          return;
        }
        options.print(printed.text);
        if (options.once === true) end(true);
      },
    );
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop);
  });
}

type Printed =
  | { readonly ok: true; readonly text: string }
  /** `isFinal`: the next message will not be better. */
  | { readonly ok: false; readonly problem: string; readonly isFinal: boolean };

interface Printer {
  readonly note?: string;
  readonly print: (cdr: Uint8Array) => Printed;
}

function printerFor(type: string, options: EchoOptions): Printer {
  const decode = anyMessageReader(type);
  if (decode === undefined) {
    return {
      note: `no definition of ${type} here: only sizes are shown`,
      print: (cdr) => ({ ok: true, text: `<${type}: ${cdr.byteLength} bytes>\n---\n` }),
    };
  }
  const maxLength = options.truncateLength ?? defaultTruncateLength;
  return {
    print: (cdr) => {
      let value: unknown;
      try {
        value = decode(cdr);
      } catch (error) {
        return { ok: false, problem: errorText(error), isFinal: false };
      }
      const tree = messageTree(type.replace("/msg/", "/"), value, messageDefinition, { maxLength });
      return textOfTree(tree, options);
    },
  };
}

function textOfTree(tree: MessageTree, options: EchoOptions): Printed {
  const found =
    options.field === undefined ? ({ ok: true, tree } as const) : fieldAt(tree, options.field);
  if (!found.ok) return { ok: false, problem: found.problem, isFinal: true };
  const text =
    options.csv === true
      ? messageCsv(found.tree, options)
      : `${messageYaml(found.tree, options)}---\n`;
  return { ok: true, text };
}
