import type { Engine, ProviderRequest } from "../../bridge/contract/engine.ts";
import { errorText } from "../../bridge/contract/errors.ts";
import type { ModelPackage } from "../package/load-package.ts";
import { verifyPackage, type VerifyReport } from "../verify-package.ts";

/** One provider's golden rollout. */
export type ProviderVerdict =
  | {
      readonly provider: string;
      readonly kind: "measured";
      readonly tookMs: number;
      readonly report: VerifyReport;
    }
  /** It does not open here: the reason is ONNX Runtime's. */
  | { readonly provider: string; readonly kind: "unavailable"; readonly reason: string };

/** Replays a package's golden rollout on each provider in turn; one that does not open hinders no other. */
export async function verifyProviders(
  engine: Engine,
  pack: ModelPackage,
  providers: readonly ProviderRequest[],
): Promise<ProviderVerdict[]> {
  const verdicts: ProviderVerdict[] = [];
  for (const provider of providers) verdicts.push(await verifyOne(engine, pack, provider));
  return verdicts;
}

async function verifyOne(
  engine: Engine,
  pack: ModelPackage,
  provider: ProviderRequest,
): Promise<ProviderVerdict> {
  const { name } = provider;
  const startMs = performance.now();
  try {
    const report = await verifyPackage(engine, pack, { provider });
    return { provider: name, kind: "measured", tookMs: performance.now() - startMs, report };
  } catch (error) {
    return { provider: name, kind: "unavailable", reason: errorText(error) };
  }
}
