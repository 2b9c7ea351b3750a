import { familiarReference, parseReference } from "../oci/index.ts";

/** The form in which names of contexts are compared: `docker.io/library/alpine:latest` is `alpine`.
 * @throws {OciError} `INVALID_REFERENCE` */
export function contextName(name: string): string {
  return familiarReference(parseReference(name)).replace(/:latest$/, "");
}

/** The name under which the session lends the directory of a named context; `context` is the main one's. */
export function localContextName(name: string): string {
  return name === "context" ? "_context" : name;
}
