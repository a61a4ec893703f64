import { buttonById, elementById } from "./dom.ts";

/** A sheet of keys. It lies beside the stops, never over them, and takes the focus from nothing. */
export function wireHelp(): () => void {
  const sheet = elementById("help");
  const button = buttonById("help-open");
  const show = (isOpen: boolean): void => {
    const hadFocus = sheet.contains(document.activeElement);
    sheet.hidden = !isOpen;
    button.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) buttonById("help-close").focus();
    else if (hadFocus) button.focus();
  };
  const toggle = (): void => {
    show(sheet.hidden !== false);
  };
  button.addEventListener("click", toggle);
  buttonById("help-close").addEventListener("click", () => {
    show(false);
  });
  sheet.addEventListener("keydown", ({ key }) => {
    if (key === "Escape") show(false);
  });
  return toggle;
}
