import { UsageError } from "../usage-error.ts";

/** cosign's words for types of predicates. */
const types: ReadonlyMap<string, string> = new Map([
  ["spdxjson", "https://spdx.dev/Document"],
  ["spdx", "https://spdx.dev/Document"],
  ["slsaprovenance", "https://slsa.dev/provenance/v0.2"],
  ["slsaprovenance02", "https://slsa.dev/provenance/v0.2"],
  ["slsaprovenance1", "https://slsa.dev/provenance/v1"],
  ["cyclonedx", "https://cyclonedx.org/bom"],
  ["link", "https://in-toto.io/Link/v1"],
  ["openvex", "https://openvex.dev/ns"],
  ["vuln", "https://cosign.sigstore.dev/attestation/vuln/v1"],
  ["custom", "https://cosign.sigstore.dev/attestation/v1"],
]);

/** The URI of a type: one of cosign's words, or a URI.
 * @throws {UsageError} */
export function parsePredicateType(text: string): string {
  const known = types.get(text);
  if (known !== undefined) return known;
  if (/^(?:https?:\/\/|urn:)\S+$/.test(text)) return text;
  throw new UsageError(`Cannot use predicate type "${text}": it is no URI`, {
    hint: `words for some are ${[...types.keys()].join(", ")}`,
  });
}
