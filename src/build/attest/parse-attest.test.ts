import assert from "node:assert/strict";
import { test } from "node:test";
import { attestOf, overrideAttestations, parseAttestations } from "./parse-attest.ts";

const full = { mode: "max", version: "v1", builderId: "" };

test("nothing is said of an image that nobody asked to be said", () => {
  assert.equal(parseAttestations([]), undefined);
  assert.equal(
    parseAttestations([attestOf("sbom", "false"), attestOf("provenance", "0"), "type=sbom,disabled=true"]),
    undefined,
  );
});

test("the short options stand for --attest, and the last word on a type counts", () => {
  assert.deepEqual(parseAttestations([attestOf("sbom", "true")]), { sbom: true });
  assert.deepEqual(parseAttestations([attestOf("provenance", "true")]), { sbom: false, provenance: full });
  assert.deepEqual(
    parseAttestations(["type=provenance,mode=min,builder-id=https://ci.example.com/1,reproducible=true"]),
    {
      sbom: false,
      provenance: { mode: "min", version: "v1", builderId: "https://ci.example.com/1", isReproducible: true },
    },
  );
  assert.deepEqual(parseAttestations(["type=provenance,mode=min", attestOf("provenance", "mode=max")]), {
    sbom: false,
    provenance: full,
  });
  assert.deepEqual(parseAttestations(["type=sbom", "type=provenance", attestOf("sbom", "false")]), {
    sbom: false,
    provenance: full,
  });
  assert.deepEqual(parseAttestations(["type=sbom,form=referrer"]), { sbom: true, areReferrers: true });
});

test("what is no attestation is refused, with BuildKit's words where it has some", () => {
  const rows: [text: string, message: string][] = [
    ["type=vex", 'unknown attestation type "vex"'],
    ["mode=max", "attestation type not specified"],
    ["type=provenance,mode=full", 'invalid mode "full"'],
    ["type=provenance,version=v9", "invalid provenance SLSA version: v9"],
    ["type=provenance,filename=../x", 'Cannot attest: filename is a name, not the path "../x"'],
    [attestOf("provenance", "maximum"), "invalid value maximum"],
    [
      attestOf("sbom", "generator=docker/scout"),
      'Cannot use the SBOM generator "docker/scout": Slipway lists the packages itself',
    ],
    ["type=sbom,mode=max", 'Cannot use --attest "type=sbom,mode=max": it does not take "mode"'],
    ["type=sbom,form=tag", 'Cannot attest with form "tag": it is index or referrer'],
    ["type=sbom,disabled=maybe", 'Cannot attest: disabled is true or false, not "maybe"'],
  ];
  for (const [text, message] of rows)
    assert.throws(() => parseAttestations([text]), { code: "INVALID_ARGUMENT", message });
  assert.throws(() => parseAttestations(["type=sbom", "type=provenance,form=referrer"]), {
    message: "Cannot attest in two forms: form is the same for all attestations of a build",
  });
});

test("a caller's word on one kind leaves the other as it was", () => {
  const known = parseAttestations(["type=sbom", "type=provenance,mode=min"]);
  assert.deepEqual(overrideAttestations(known, [attestOf("provenance", "mode=max")]), {
    sbom: true,
    provenance: full,
  });
  assert.deepEqual(overrideAttestations(known, [attestOf("provenance", "false")]), { sbom: true });
  assert.equal(
    overrideAttestations(parseAttestations(["type=sbom"]), [attestOf("sbom", "false")]),
    undefined,
  );
  assert.deepEqual(overrideAttestations(undefined, [attestOf("sbom", "true")]), { sbom: true });
});
