import type { Engine, ProviderRequest } from "../../bridge/contract/engine.ts";
import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";
import type { JepaManifest } from "../package/families/jepa-window.ts";
import type { RecurrentManifest } from "../package/families/recurrent-latent.ts";
import type { ModelPackage } from "../package/load-package.ts";
import type { Manifest } from "../package/manifest.ts";
import { JepaProgram } from "./jepa-program.ts";
import { openerOf, type GraphOpener } from "./open-graphs.ts";
import type { Program } from "./program.ts";
import { RecurrentProgram } from "./recurrent-program.ts";

export interface OpenProgramOptions {
  readonly provider?: ProviderRequest;
  /** Opens each graph, where providers differ between them; default: all on `provider`. */
  readonly open?: GraphOpener;
  /** Number the bindings that run every step, for providers that capture graphs. */
  readonly isCaptured?: boolean;
}

/**
 * Opens a package's graphs and wires them as its family says.
 *
 * @throws BridgeError `engine/session`, `engine/provider`, `model/shape` when graphs and manifest
 * disagree, `model/unsupported` for a family that can be read but not run.
 */
export async function openProgram(
  engine: Engine,
  pack: ModelPackage,
  options: OpenProgramOptions = {},
): Promise<Program> {
  const open = options.open ?? openerOf(engine, pack, options.provider);
  const { isCaptured = false } = options;
  if (isOf(pack, "recurrent-latent"))
    return await RecurrentProgram.open(pack, { open, isCaptured });
  if (isOf(pack, "jepa-window")) return await JepaProgram.open(pack, { open, isCaptured });
  const { id, family } = pack.manifest;
  throw new BridgeError(
    ErrorCode.ModelUnsupported,
    `${id} is of the family ${family}, whose samplers are not implemented: the package can be inspected, not run`,
  );
}

interface Runnable {
  "recurrent-latent": RecurrentManifest;
  "jepa-window": JepaManifest;
}

function isOf<F extends keyof Runnable>(
  pack: ModelPackage,
  family: F,
): pack is ModelPackage<Runnable[F] & Manifest> {
  return pack.manifest.family === family;
}
