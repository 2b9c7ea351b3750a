import { type Digest, digestHex, type ImageReference } from "../oci/index.ts";
import { objectOf, parseJson } from "./untrusted-json.ts";

/** A statement of in-toto about images. */
export interface Statement {
  readonly subjects: readonly StatementSubject[];
  readonly predicateType: string;
}

export interface StatementSubject {
  /** `sha256:…`; whatever the statement says. */
  readonly digest: string;
  /** The repository. */
  readonly name: string | undefined;
  readonly annotations: Readonly<Record<string, unknown>> | undefined;
}

export interface NewStatement {
  /** A URI. */
  readonly predicateType: string;
  /** JSON. */
  readonly predicate: string;
  /** Default `v0.1`, which cosign writes for attestations. */
  readonly version?: "v0.1" | "v1";
  /** Of the subject. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

/** The statement that cosign makes of a predicate. */
export function encodeStatement(
  reference: ImageReference,
  digest: Digest,
  { predicateType, predicate, version = "v0.1", annotations = {} }: NewStatement,
): Buffer {
  const subject = {
    name: repositoryName(reference),
    digest: { sha256: digestHex(digest) },
    ...(Object.keys(annotations).length > 0 && { annotations }),
  };
  const _type = `https://in-toto.io/Statement/${version}`;
  const head = JSON.stringify({ _type, predicateType, subject: [subject] });
  return Buffer.from(`${head.slice(0, -1)},"predicate":${predicate}}`);
}

/** The repository by cosign's name for it. */
export function repositoryName({ domain, path }: ImageReference): string {
  return `${domain === "docker.io" ? "index.docker.io" : domain}/${path}`;
}

/** Reads a payload whose signature is good; undefined when it is no statement. */
export function parseStatement(bytes: Uint8Array): Statement | undefined {
  const { _type, predicateType, subject } = objectOf(parseJson(bytes));
  if (typeof predicateType !== "string" || !Array.isArray(subject)) return undefined;
  if (typeof _type !== "string" || !_type.startsWith("https://in-toto.io/Statement/")) return undefined;
  return { predicateType, subjects: (subject as unknown[]).flatMap(parseSubject) };
}

/** Of what is no image nothing is said. */
function parseSubject(value: unknown): readonly StatementSubject[] {
  const { name, digest, annotations } = objectOf(value);
  const { sha256: hex } = objectOf(digest);
  if (typeof hex !== "string") return [];
  const isMap = typeof annotations === "object" && annotations !== null && !Array.isArray(annotations);
  return [
    {
      digest: `sha256:${hex}`,
      name: typeof name === "string" && name !== "" ? name : undefined,
      annotations: isMap ? (annotations as Record<string, unknown>) : undefined,
    },
  ];
}
