import { type Digest, type ImageReference, OciError, parseDigest, parseReference } from "../oci/index.ts";
import { repositoryName } from "./statement.ts";

/** What a signature says of an image: the payload of the "simple signing" format, as cosign writes it, and shows it where the signature is
 * a bundle's. */
export interface ImageClaims {
  readonly critical: {
    readonly identity: { readonly "docker-reference": string };
    readonly image: { readonly "docker-manifest-digest": Digest };
    readonly type: string;
  };
  readonly optional: Readonly<Record<string, unknown>> | null;
}

const claimsType = "cosign container image signature";

/** The bytes that are signed. `docker-reference` is the repository by cosign's name for it.
 * @param annotations become `optional` */
export function encodeClaims(
  reference: ImageReference,
  digest: Digest,
  annotations: Readonly<Record<string, string>> = {},
): Buffer {
  const optional = Object.entries(annotations).sort(([one], [other]) => (one < other ? -1 : 1));
  const claims: ImageClaims = {
    critical: {
      identity: { "docker-reference": repositoryName(reference) },
      image: { "docker-manifest-digest": digest },
      type: claimsType,
    },
    optional: optional.length === 0 ? null : Object.fromEntries(optional),
  };
  return Buffer.from(JSON.stringify(claims));
}

/** Reads a payload whose signature is good; undefined when it is not of this format. */
export function parseClaims(bytes: Uint8Array): ImageClaims | undefined {
  try {
    const { critical, optional } = JSON.parse(Buffer.from(bytes).toString()) as ImageClaims;
    const reference: unknown = critical.identity["docker-reference"];
    if (typeof reference !== "string" || critical.type !== claimsType || !isMap(optional)) return undefined;
    return {
      critical: {
        identity: { "docker-reference": reference },
        image: { "docker-manifest-digest": parseDigest(critical.image["docker-manifest-digest"]) },
        type: claimsType,
      },
      optional: optional ?? null,
    };
  } catch (error) {
    if (error instanceof OciError || error instanceof SyntaxError || error instanceof TypeError)
      return undefined;
    throw error;
  }
}

function isMap(value: unknown): boolean {
  return value === null || value === undefined || (typeof value === "object" && !Array.isArray(value));
}

export interface ExpectedClaims {
  /** Repository, and the tag when one was named. */
  readonly identity: ImageReference;
  readonly digest: Digest;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

/** Why the claims are not about this image; undefined when they are. */
export function mismatchOf(claims: ImageClaims, expected: ExpectedClaims): string | undefined {
  const { identity, image } = claims.critical;
  const digest = image["docker-manifest-digest"];
  if (digest !== expected.digest) return `is for another image, ${digest}`;
  const name = identity["docker-reference"];
  if (!isNameOf(name, expected)) return `is for another name, ${JSON.stringify(name)}`;
  for (const [key, value] of Object.entries(expected.annotations ?? {})) {
    const claimed = Object.hasOwn(claims.optional ?? {}, key) ? claims.optional?.[key] : undefined;
    if (claimed !== value) return `does not say ${key}=${value}`;
  }
  return undefined;
}

/** A claimed name is the repository; where it has a tag or a digest too, they are the image's. */
function isNameOf(name: string, { identity, digest }: ExpectedClaims): boolean {
  try {
    const claimed = parseReference(name);
    if (claimed.domain !== identity.domain || claimed.path !== identity.path) return false;
    if (claimed.digest !== undefined && claimed.digest !== digest) return false;
    const saysTag = claimed.tag !== undefined && name.split("@")[0]!.endsWith(`:${claimed.tag}`);
    return !saysTag || identity.tag === undefined || claimed.tag === identity.tag;
  } catch (error) {
    if (error instanceof OciError) return false;
    throw error;
  }
}
