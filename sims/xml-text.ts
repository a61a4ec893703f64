/** A name or sentence as it may stand in an attribute or element of XML. */
export function xmlText(text: string): string {
  return text.replace(/[<>&"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
