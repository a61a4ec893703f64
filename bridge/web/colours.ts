import { onThemeChange } from "./theme.ts";

const names = ["measured", "setpoint", "ahead", "muted", "line", "on-picture", "casing"] as const;
type ColourName = (typeof names)[number];

/** The colours of tokens.css as canvases need them; read anew when the theme changes. */
export const colours: Record<ColourName, string> = read();

onThemeChange(() => {
  Object.assign(colours, read());
});

function read(): Record<ColourName, string> {
  // Custom properties keep light-dark() unresolved; a colour that is used does not.
  const probe = document.createElement("i");
  document.documentElement.append(probe);
  const found = names.map((name) => {
    probe.style.color = `var(--${name})`;
    return [name, getComputedStyle(probe).color] as const;
  });
  probe.remove();
  return Object.fromEntries(found) as Record<ColourName, string>;
}
