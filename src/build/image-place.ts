import { BuildError } from "./build-error.ts";
import { normaliseTag } from "./normalise-tag.ts";

/** Where an image is, in the words of containers-transports(5). */
export type ImagePlace =
  /** `docker://NAME`: a registry. Normalised. */
  | { readonly kind: "registry"; readonly name: string }
  /** `oci:DIRECTORY[:TAG]`: an OCI layout. */
  | { readonly kind: "layout"; readonly directory: string; readonly tag?: string }
  /** `oci-archive:FILE[:NAME]`, `docker-archive:FILE[:NAME]`. */
  | {
      readonly kind: "archive";
      readonly format: "oci" | "docker";
      readonly file: string;
      readonly name?: string;
    }
  /** `docker-daemon:NAME`, `containers-storage:NAME`: another engine, as a target. Normalised. */
  | { readonly kind: "engine"; readonly engine: "docker" | "podman"; readonly name: string }
  /** A name or ID of the store, or `store:NAME`. */
  | { readonly kind: "store"; readonly name: string };

/** Reads a place as it was typed.
 * @throws {BuildError} `INVALID_TAG` | `INVALID_OUTPUT` */
export function parseImagePlace(text: string): ImagePlace {
  const [, transport, rest = ""] =
    /^(docker|oci|oci-archive|docker-archive|docker-daemon|containers-storage|store):(.*)$/s.exec(text) ?? [];
  switch (transport) {
    case "docker":
      if (!rest.startsWith("//")) throw invalid(text, "expected docker://NAME");
      return { kind: "registry", name: normaliseTag(rest.slice("//".length)) };
    case "oci": {
      const [directory, tag] = cut(rest);
      if (directory === "") throw invalid(text, "expected oci:DIRECTORY[:TAG]");
      return { kind: "layout", directory, ...(tag !== undefined && { tag }) };
    }
    case "oci-archive":
    case "docker-archive": {
      const [file, name] = cut(rest);
      if (file === "") throw invalid(text, `expected ${transport}:FILE[:NAME]`);
      const format = transport === "oci-archive" ? "oci" : "docker";
      return { kind: "archive", format, file, ...(name !== undefined && { name: normaliseTag(name) }) };
    }
    case "docker-daemon":
    case "containers-storage": {
      const engine = transport === "docker-daemon" ? "docker" : "podman";
      return { kind: "engine", engine, name: normaliseTag(rest) };
    }
    default:
      return { kind: "store", name: transport === "store" ? rest : text };
  }
}

/** A path ends at its first colon. */
function cut(text: string): [path: string, rest?: string] {
  const at = text.indexOf(":");
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function invalid(text: string, reason: string): BuildError {
  return new BuildError("INVALID_OUTPUT", `Cannot use "${text}" as place of an image: ${reason}`);
}
