/** What is to be said of the image. */
export interface AttestationOptions {
  /** Which packages it holds (SPDX). */
  readonly sbom: boolean;
  /** How it was built (SLSA). */
  readonly provenance?: ProvenanceOptions;
  /** Kept beside the image in a registry, as its referrers; otherwise in its index, as BuildKit does. */
  readonly areReferrers?: boolean;
}

export interface ProvenanceOptions {
  /** - `min`: sources, and what was asked for but build arguments, labels and secrets
   * - `max`: the Dockerfile and every step too, and all that was asked for */
  readonly mode: "min" | "max";
  /** Of SLSA's schema. */
  readonly version: "v1" | "v0.2";
  /** A URI that says who built. */
  readonly builderId: string;
  /** The builder vouches that the build can be repeated. */
  readonly isReproducible?: boolean;
  /** Of the file beside files; default `provenance.json`. */
  readonly fileName?: string;
  /** It goes with images, and not beside files. */
  readonly isInlineOnly?: boolean;
}

/** Do they make an index of an image for one platform? */
export function hasIndexedAttestations({
  attestations,
}: {
  readonly attestations?: AttestationOptions | undefined;
}): boolean {
  return attestations !== undefined && !attestations.areReferrers;
}
