/** An element of a small XML text without comments, CDATA or namespaces: what our own writers make. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  readonly text: string;
}

export function parseXml(xml: string): XmlElement {
  const root = { name: "", attributes: {}, children: [] as XmlElement[], text: "" };
  const open: { name: string; children: XmlElement[]; text: string }[] = [root];
  const tokens = xml.replace(/<\?.*?\?>/g, "").matchAll(/<(\/?)([\w:]+)([^>]*?)(\/?)>|([^<]+)/g);
  for (const [, isEnd, name, attributes, isEmpty, text] of tokens) {
    const parent = open.at(-1)!;
    if (name === undefined) {
      parent.text += text!.trim();
      continue;
    }
    if (isEnd !== "") {
      if (parent.name !== name) throw new Error(`</${name}> closes <${parent.name}>`);
      open.pop();
      continue;
    }
    const pairs = attributes!.matchAll(/(\w+)="([^"]*)"/g);
    const element = {
      name,
      attributes: Object.fromEntries(Array.from(pairs, ([, key, value]) => [key!, value!])),
      children: [],
      text: "",
    };
    parent.children.push(element);
    if (isEmpty === "") open.push(element);
  }
  if (open.length !== 1) throw new Error(`<${open.at(-1)!.name}> is not closed`);
  return root.children[0]!;
}

/** Every element of that name below, at any depth. */
export function all(element: XmlElement, name: string): XmlElement[] {
  return element.children.flatMap((child) => [
    ...(child.name === name ? [child] : []),
    ...all(child, name),
  ]);
}

/** The one element along a path of names. */
export function one(element: XmlElement, ...path: string[]): XmlElement {
  return path.reduce((found, name) => {
    const matches = found.children.filter((child) => child.name === name);
    if (matches.length !== 1) throw new Error(`${matches.length} <${name}> in <${found.name}>`);
    return matches[0]!;
  }, element);
}

export function named(element: XmlElement, kind: string, name: string): XmlElement {
  const found = all(element, kind).find((each) => each.attributes["name"] === name);
  if (found === undefined) throw new Error(`there is no ${kind} "${name}"`);
  return found;
}

export const numbers = (text: string): number[] => text.trim().split(/\s+/).map(Number);
