import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePredicateType } from "./predicate-type.ts";

test("a predicate type is one of cosign's words or a URI", () => {
  // As cosign 3.1.3 has them.
  const words = {
    custom: "https://cosign.sigstore.dev/attestation/v1",
    slsaprovenance: "https://slsa.dev/provenance/v0.2",
    slsaprovenance02: "https://slsa.dev/provenance/v0.2",
    slsaprovenance1: "https://slsa.dev/provenance/v1",
    spdx: "https://spdx.dev/Document",
    spdxjson: "https://spdx.dev/Document",
    cyclonedx: "https://cyclonedx.org/bom",
    link: "https://in-toto.io/Link/v1",
    vuln: "https://cosign.sigstore.dev/attestation/vuln/v1",
    openvex: "https://openvex.dev/ns",
  };
  for (const [word, uri] of Object.entries(words)) assert.equal(parsePredicateType(word), uri);
  for (const uri of ["https://example.com/x", "http://x", "urn:x:y"])
    assert.equal(parsePredicateType(uri), uri);
  for (const text of ["", "spdxjsn", "https://", "urn:", "https://a b", "file:/x"])
    assert.throws(() => parsePredicateType(text), /^UsageError: Cannot use predicate type "/, text);
});
