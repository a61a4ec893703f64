/** Words that a YAML reader takes for something else than text (YAML 1.1, as PyYAML reads). */
const words = /^(yes|no|on|off|true|false|null|~)$/i;
const numberLike = /^[-+]?(\.?[0-9]|\.(inf|nan))/i;
const plain = /^[^\s!&*#?|>@`%{}[\],'":=\-][^#:\n\r\t]*$/;

/** A string as a YAML scalar: plain where that is unmistakable, else quoted. */
export function yamlText(text: string): string {
  if (/[\u0000-\u001f\u007f-\u009f]/.test(text)) return JSON.stringify(text);
  const isPlain =
    plain.test(text) && !words.test(text) && !numberLike.test(text) && !/\s$/.test(text);
  return isPlain ? text : `'${text.replaceAll("'", "''")}'`;
}
