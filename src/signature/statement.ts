import { type Digest, digestHex, type ImageReference } from "../oci/index.ts";

/** A statement of in-toto about images. */
export interface Statement {
  readonly subjects: readonly string[];
  readonly predicateType: string;
}

/** The statement that cosign makes of a predicate.
 * @param predicate JSON */
export function encodeStatement(
  { domain, path }: ImageReference,
  digest: Digest,
  { predicateType, predicate }: { readonly predicateType: string; readonly predicate: string },
): Buffer {
  const head = JSON.stringify({
    _type: "https://in-toto.io/Statement/v0.1",
    predicateType,
    subject: [
      {
        name: `${domain === "docker.io" ? "index.docker.io" : domain}/${path}`,
        digest: { sha256: digestHex(digest) },
      },
    ],
  });
  return Buffer.from(`${head.slice(0, -1)},"predicate":${predicate}}`);
}

/** Reads a payload whose signature is good; undefined when it is no statement. */
export function parseStatement(bytes: Uint8Array): Statement | undefined {
  try {
    const { _type, predicateType, subject } = JSON.parse(Buffer.from(bytes).toString()) as Record<
      string,
      unknown
    >;
    if (typeof predicateType !== "string" || !Array.isArray(subject)) return undefined;
    if (typeof _type !== "string" || !_type.startsWith("https://in-toto.io/Statement/")) return undefined;
    const subjects = (subject as unknown[]).flatMap((each) => {
      const hex = (each as { readonly digest?: { readonly sha256?: unknown } } | null)?.digest?.sha256;
      return typeof hex === "string" ? [`sha256:${hex}`] : [];
    });
    return { subjects, predicateType };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}
