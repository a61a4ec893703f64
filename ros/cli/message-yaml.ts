import type { MessageTree } from "./message-tree.ts";

export interface YamlOptions {
  /** Say how long a list or a text is instead of what is in it. */
  readonly noArrays?: boolean;
  readonly noTexts?: boolean;
}

/** A message in the block style of `ros2 topic echo`, without the separator. Ends with a newline. */
export function messageYaml(tree: MessageTree, options: YamlOptions = {}): string {
  return `${lines(tree, options).join("\n")}\n`;
}

function lines(tree: MessageTree, options: YamlOptions): readonly string[] {
  if (tree.kind === "message") {
    return tree.fields.flatMap(([name, value]) => named(name, value, options));
  }
  return tree.kind === "list" ? items(tree, options) : [scalar(tree, options)];
}

function named(name: string, value: MessageTree, options: YamlOptions): readonly string[] {
  if (value.kind === "leaf") return [`${name}: ${scalar(value, options)}`];
  if (value.kind === "message") {
    if (value.fields.length === 0) return [`${name}: {}`];
    return [`${name}:`, ...lines(value, options).map((line) => `  ${line}`)];
  }
  if (value.length === 0) return [`${name}: []`];
  if (options.noArrays === true) return [`${name}: ${described(value)}`];
  return [`${name}:`, ...items(value, options)];
}

function items(
  tree: Extract<MessageTree, { kind: "list" }>,
  options: YamlOptions,
): readonly string[] {
  if (tree.length === 0) return ["[]"];
  if (options.noArrays === true) return [described(tree)];
  const shown = tree.items.flatMap((item) => {
    const [first = "", ...rest] = lines(item, options);
    return [`- ${first}`, ...rest.map((line) => `  ${line}`)];
  });
  return tree.items.length < tree.length ? [...shown, "- '...'"] : shown;
}

const described = ({ elementType, length }: Extract<MessageTree, { kind: "list" }>): string =>
  `'<sequence type: ${elementType}, length: ${length}>'`;

function scalar({ text, isText }: Extract<MessageTree, { kind: "leaf" }>, options: YamlOptions) {
  return isText && options.noTexts === true ? `'<string length: <${text.length}>>'` : text;
}

/** Every value of a message in one line, as `ros2 topic echo --csv`. Ends with a newline. */
export function messageCsv(tree: MessageTree, options: YamlOptions = {}): string {
  return `${values(tree, options).join(",")}\n`;
}

function values(tree: MessageTree, options: YamlOptions): readonly string[] {
  switch (tree.kind) {
    case "leaf":
      return [options.noTexts === true && tree.isText ? "" : csvText(tree)];
    case "message":
      return tree.fields.flatMap(([, value]) => values(value, options));
    case "list": {
      if (options.noArrays === true) return [described(tree).slice(1, -1)];
      const shown = tree.items.flatMap((item) => values(item, options));
      return tree.items.length < tree.length ? [...shown, "..."] : shown;
    }
    default:
      return tree satisfies never;
  }
}

/** What YAML put in single quotes is bare here, unless the comma inside it would part it. */
function csvText({ text, isText }: Extract<MessageTree, { kind: "leaf" }>): string {
  if (!isText) return text.replace(/^(-?)\.(inf|nan)$/, "$1$2");
  const bare = text.startsWith("'") ? text.slice(1, -1).replaceAll("''", "'") : text;
  return /[",\n]/.test(bare) && !bare.startsWith('"') ? `"${bare.replaceAll('"', '""')}"` : bare;
}
