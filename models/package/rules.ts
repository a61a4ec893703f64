/** One disagreement inside a manifest, at its path. */
export interface ManifestProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/**
 * What a schema cannot say: that sections of a manifest agree with each other. A rule runs when every
 * section it needs has the right form, so that one reading names problems of form and of agreement.
 */
export interface Rule {
  readonly needs: readonly string[];
  readonly check: (sections: never) => Iterable<ManifestProblem>;
}

/** A rule over the named sections of the manifest type `M`. */
export function rule<M, K extends keyof M & string>(
  needs: readonly K[],
  check: (sections: Pick<M, K>) => Iterable<ManifestProblem>,
): Rule {
  return { needs, check };
}
