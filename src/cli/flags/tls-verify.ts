import { InvalidArgumentError } from "commander";
import { OciError, parseReference } from "../../oci/index.ts";

/** `--tls-verify`, as podman and skopeo have it. */
export interface TlsVerifyFlag {
  readonly tlsVerify?: boolean;
}

export const tlsVerifyOption = [
  "--tls-verify <bool>",
  "false: the registry may have an unknown certificate, or speak plain HTTP (default: true but for loopback)",
  parseBoolean,
] as const;

/** The registries of these images, when nothing of them is to be verified; what is no name, an ID for one, has none. */
export function insecureHostsOf(names: readonly string[], { tlsVerify = true }: TlsVerifyFlag): string[] {
  return tlsVerify ? [] : names.flatMap(registryOf);
}

function registryOf(name: string): readonly string[] {
  try {
    return [parseReference(name).domain];
  } catch (error) {
    if (error instanceof OciError) return [];
    throw error;
  }
}

/** Of an option that is true or false. */
export function parseBoolean(value: string): boolean {
  if (value === "true" || value === "1") return true;
  if (value === "false" || value === "0") return false;
  throw new InvalidArgumentError("it is true or false.");
}
