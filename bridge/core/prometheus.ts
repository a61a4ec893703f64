type Labels = Readonly<Record<string, string | number>>;

/** One metric family: samples with labels, in the Prometheus text exposition format 0.0.4. */
export interface MetricFamily {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly samples: readonly {
    readonly labels?: Labels;
    readonly value: number;
    /** Of a histogram: what of it this is. */
    readonly suffix?: "_bucket" | "_sum" | "_count";
  }[];
}

/**
 * A histogram from counts per bucket.
 *
 * @param bounds upper bounds, rising; `counts` has one more, for what lies above them all.
 */
export function histogramFamily(
  head: Pick<MetricFamily, "name" | "help">,
  data: {
    readonly bounds: readonly number[];
    readonly counts: readonly number[];
    readonly sum: number;
  },
): MetricFamily {
  const { bounds, counts, sum } = data;
  let total = 0;
  const buckets = counts.map((count, index) => {
    total += count;
    const le = numberText(bounds[index] ?? Number.POSITIVE_INFINITY);
    return { suffix: "_bucket", labels: { le }, value: total } as const;
  });
  const ends = [
    { suffix: "_sum", value: sum },
    { suffix: "_count", value: total },
  ] as const;
  return { ...head, type: "histogram", samples: [...buckets, ...ends] };
}

export function prometheusText(families: readonly MetricFamily[]): string {
  return families.map(familyText).join("");
}

function familyText(family: MetricFamily): string {
  const lines = family.samples.map(
    ({ labels, value, suffix = "" }) =>
      `${family.name}${suffix}${labelText(labels)} ${numberText(value)}`,
  );
  return [
    `# HELP ${family.name} ${family.help}`,
    `# TYPE ${family.name} ${family.type}`,
    ...lines,
    "",
  ].join("\n");
}

function labelText(labels: Labels | undefined): string {
  if (labels === undefined) return "";
  const pairs = Object.entries(labels).map(([key, value]) => `${key}="${escape(String(value))}"`);
  return `{${pairs.join(",")}}`;
}

const escape = (text: string): string =>
  text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");

function numberText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  return String(value);
}
