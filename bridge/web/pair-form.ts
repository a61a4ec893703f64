import {
  ControlError,
  pairWithCode,
  pairWithLink,
  readPairingLink,
  type PairedKey,
  type PairingLink,
} from "../client/index.ts";
import { byId, elementById, setText } from "./dom.ts";
import type { Identity } from "./identity.ts";
import { keyStore } from "./key-store.ts";
import { refusalWords } from "./words.ts";

/** Did a scanned code bring the person here? */
export function isPairingLink(): boolean {
  return linkHere() !== undefined;
}

/** Shows the form and resolves once this browser is paired. The key is made here and stays here. */
export async function pairHere(identity: Identity): Promise<void> {
  const form = byId("pairing", HTMLFormElement);
  const link = linkHere();
  setText(elementById("pairing-words"), introduction(link));
  elementById("pairing-code-row").hidden = link !== undefined;
  const name = byId("pairing-name", HTMLInputElement);
  name.value = link?.name ?? "";
  form.hidden = false;
  document.body.toggleAttribute("data-pairing", true);
  (link === undefined ? byId("pairing-code", HTMLInputElement) : name).focus();
  await new Promise<void>((resolve) => {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void tryToPair(identity, link, name.value.trim()).then((key) => {
        if (key === undefined) return;
        identity.setKey(key);
        resolve();
      });
    });
  });
  form.hidden = true;
  document.body.toggleAttribute("data-pairing", false);
  // The code is used up; a reload or a bookmark must not bring the form back.
  history.replaceState(null, "", location.pathname);
}

async function tryToPair(
  identity: Identity,
  link: PairingLink | undefined,
  client: string,
): Promise<PairedKey | undefined> {
  const notice = elementById("pairing-notice");
  const button = byId("pairing-go", HTMLButtonElement);
  setText(notice, "");
  button.disabled = true;
  try {
    const options = { client, storage: keyStore };
    if (link !== undefined) return await pairWithLink({ ...link, url: identity.server }, options);
    const code = byId("pairing-code", HTMLInputElement).value.trim().toUpperCase();
    return await pairWithCode(identity.server, { ...options, code });
  } catch (error) {
    const text =
      error instanceof ControlError ? refusalWords(error.code, error.message) : String(error);
    setText(notice, text);
    return undefined;
  } finally {
    button.disabled = false;
  }
}

function introduction(link: PairingLink | undefined): string {
  if (link === undefined) {
    return "This robot lets in paired clients only. Ask a supervisor for a code (or run kairos-bridge pair), and scan it or type it here.";
  }
  return `You will be a ${link.role} here. A key is made in this browser and kept in it.`;
}

function linkHere(): PairingLink | undefined {
  try {
    return readPairingLink(location.href);
  } catch {
    return undefined;
  }
}
