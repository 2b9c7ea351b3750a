import { type Digest, parseDigest } from "./digest.ts";
import { OciError } from "./oci-error.ts";

/** The name of an image, normalised: `golang` has become docker.io, library/golang, latest. Has a tag, a digest or both. */
export interface ImageReference {
  /** Registry host, with its port if one was given; `docker.io` for Docker Hub. */
  readonly domain: string;
  /** Repository below the domain, for example `library/golang`. */
  readonly path: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

const hub = "docker.io";
const official = "library/";
const maxPathLength = 255;

// The grammar of the reference implementation (distribution/reference), with its names.
const domainComponent = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
const host = `(?:${domainComponent}(?:\\.${domainComponent})*|\\[[a-fA-F0-9:]+\\])`;
const pathComponent = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
const name = `(${host}(?::[0-9]+)?)/(${pathComponent}(?:/${pathComponent})*)`;
const tag = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}";
const digest = "[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}";
const pattern = new RegExp(`^${name}(?::(${tag}))?(?:@(${digest}))?$`);
/** Longer than any valid reference; nothing longer is given to the pattern. */
const maxLength = 2048;

/** Parses an image name by docker's rules: a first component with a dot, a colon or a capital letter, or `localhost`, is the
 * registry; otherwise it is Docker Hub, and one component alone is an official image. Without tag and digest it gets `latest`.
 * @throws {OciError} `INVALID_REFERENCE`; the message is docker's, e.g. `invalid reference format`, without the name: the
 * caller says what it was parsing */
export function parseReference(text: string): ImageReference {
  if (text === "") throw invalid("repository name must have at least one component");
  if (/^[a-f0-9]{64}$/.test(text)) {
    throw invalid(`invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`);
  }
  const { domain, remainder } = splitDomain(text);
  const repository = remainder.split(":", 1)[0]!;
  if (repository !== repository.toLowerCase()) {
    throw invalid(`invalid reference format: repository name (${repository}) must be lowercase`);
  }
  const match = text.length > maxLength ? null : pattern.exec(`${domain}/${remainder}`);
  if (!match) throw invalid(isTooLong(repository) ? tooLong : "invalid reference format");
  const [, matchedDomain, path, matchedTag, matchedDigest] = match;
  if (path!.length > maxPathLength) throw invalid(tooLong);
  return {
    domain: matchedDomain!,
    path: path!,
    ...(matchedTag || !matchedDigest ? { tag: matchedTag ?? "latest" } : {}),
    ...(matchedDigest ? { digest: supportedDigest(matchedDigest) } : {}),
  };
}

/** The normalised text, e.g. `docker.io/library/golang:latest`; `parseReference` gives the same reference back. */
export function formatReference(reference: ImageReference): string {
  return suffixed(`${reference.domain}/${reference.path}`, reference);
}

/** The text as docker shows it, without Docker Hub's domain and `library/`: `golang:latest`. */
export function familiarReference(reference: ImageReference): string {
  return suffixed(familiarRepository(reference), reference);
}

/** The familiar form without tag and digest: `golang`. */
export function familiarRepository({ domain, path }: ImageReference): string {
  if (domain !== hub) return `${domain}/${path}`;
  const isOfficial = path.startsWith(official) && !path.includes("/", official.length);
  return isOfficial ? path.slice(official.length) : path;
}

function suffixed(repository: string, { tag: itsTag, digest: itsDigest }: ImageReference): string {
  return repository + (itsTag ? `:${itsTag}` : "") + (itsDigest ? `@${itsDigest}` : "");
}

function splitDomain(text: string): { domain: string; remainder: string } {
  const slash = text.indexOf("/");
  const first = slash < 0 ? "" : text.slice(0, slash);
  const isDomain = first === "localhost" || /[.:]/.test(first) || first !== first.toLowerCase();
  const domain = !isDomain || first === "index.docker.io" ? hub : first;
  const remainder = isDomain ? text.slice(slash + 1) : text;
  const isFamiliar = domain === hub && !remainder.includes("/");
  return { domain, remainder: isFamiliar ? official + remainder : remainder };
}

const tooLong = `repository name must not be more than ${maxPathLength} characters`;

/** A long text that is not worth matching is most likely a long name. */
function isTooLong(repository: string): boolean {
  return repository.length > maxLength && /^[a-z0-9._/-]+$/.test(repository);
}

/** The texts are go-digest's; sha256 is the only algorithm that registries use. */
function supportedDigest(text: string): Digest {
  const [algorithm, hex] = text.split(":") as [string, string];
  if (algorithm !== "sha256") throw invalid("unsupported digest algorithm");
  if (hex.length !== 64) throw invalid("invalid checksum digest length");
  if (hex !== hex.toLowerCase()) throw invalid("invalid checksum digest format");
  return parseDigest(text);
}

function invalid(reason: string): OciError {
  return new OciError("INVALID_REFERENCE", reason);
}
