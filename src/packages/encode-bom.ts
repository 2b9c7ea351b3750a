import { createHash } from "node:crypto";
import type { FoundPackage, PackageList } from "./found-package.ts";
import { packageUrl } from "./package-url.ts";

export type BomFormat = "spdx-json" | "cyclonedx-json";

/** What a bill of materials says besides the packages. */
export interface BillOfMaterials extends PackageList {
  /** Of the image or stage. */
  readonly name: string;
  /** What the image is known by: equal images give equal documents. Absent for a tree that is no image. */
  readonly digest?: string;
  /** RFC 3339. */
  readonly created: string;
  /** `slipway-1.2.3`. */
  readonly tool: string;
}

/** The document, indented, in the order of the packages: SPDX 2.3 or CycloneDX 1.5. */
export function encodeBom(bom: BillOfMaterials, format: BomFormat): string {
  const document = format === "spdx-json" ? spdxDocument(bom) : cycloneDxDocument(bom);
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

/** @see https://spdx.github.io/spdx-spec/v2.3/ */
export function spdxDocument(bom: BillOfMaterials): object {
  const root = "SPDXRef-Image";
  const packages = bom.packages.map((found, index) => ({ id: `SPDXRef-Package-${index + 1}`, found }));
  return {
    spdxVersion: "SPDX-2.3",
    dataLicense: "CC0-1.0",
    SPDXID: "SPDXRef-DOCUMENT",
    name: bom.name,
    documentNamespace: `https://spdx.org/spdxdocs/${encodeURIComponent(bom.name)}-${uuidOf(bom)}`,
    creationInfo: { created: toSeconds(bom.created), creators: [`Tool: ${bom.tool}`] },
    packages: [
      {
        name: bom.name,
        SPDXID: root,
        ...(bom.digest !== undefined && { versionInfo: bom.digest }),
        downloadLocation: "NOASSERTION",
        filesAnalyzed: false,
        primaryPackagePurpose: bom.digest === undefined ? "OTHER" : "CONTAINER",
      },
      ...packages.map(({ id, found }) => spdxPackage(id, found, bom)),
    ],
    relationships: [
      { spdxElementId: "SPDXRef-DOCUMENT", relationshipType: "DESCRIBES", relatedSpdxElement: root },
      ...packages.map(({ id }) => ({
        spdxElementId: root,
        relationshipType: "CONTAINS",
        relatedSpdxElement: id,
      })),
    ],
  };
}

function spdxPackage(id: string, found: FoundPackage, { distribution }: BillOfMaterials): object {
  return {
    name: found.name,
    SPDXID: id,
    versionInfo: fullVersion(found),
    downloadLocation: "NOASSERTION",
    filesAnalyzed: false,
    sourceInfo: `from ${found.path}`,
    licenseConcluded: "NOASSERTION",
    licenseDeclared: isExpression(found.license) ? found.license : "NOASSERTION",
    copyrightText: "NOASSERTION",
    externalRefs: [
      {
        referenceCategory: "PACKAGE-MANAGER",
        referenceType: "purl",
        referenceLocator: packageUrl(found, distribution),
      },
    ],
  };
}

/** As rpm writes it: `1:2.3-4`. */
function fullVersion({ epoch, version }: FoundPackage): string {
  return epoch === undefined ? version : `${epoch}:${version}`;
}

/** Does it look like an SPDX license expression? Other words may not stand there. */
function isExpression(license: string | undefined): boolean {
  if (license === undefined || license === "UNLICENSED") return false;
  const words = license.replaceAll(/[()]/g, " ").trim().split(/\s+/);
  const isOperator = (word: string) => word === "AND" || word === "OR" || word === "WITH";
  return words.every((word, index) =>
    index % 2 === 1 ? isOperator(word) : /^[A-Za-z0-9][A-Za-z0-9.-]*\+?$/.test(word) && !isOperator(word),
  );
}

/** @see https://cyclonedx.org/docs/1.5/json/ */
function cycloneDxDocument(bom: BillOfMaterials): object {
  return {
    $schema: "http://cyclonedx.org/schema/bom-1.5.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    serialNumber: `urn:uuid:${uuidOf(bom)}`,
    version: 1,
    metadata: {
      timestamp: toSeconds(bom.created),
      tools: {
        components: [{ type: "application", name: "slipway", version: bom.tool.replace(/^slipway-/, "") }],
      },
      component: {
        type: "container",
        "bom-ref": "image",
        name: bom.name,
        ...(bom.digest !== undefined && { version: bom.digest }),
      },
    },
    components: [
      ...operatingSystem(bom),
      ...bom.packages.map((found, index) => component(found, index, bom)),
    ],
  };
}

function operatingSystem({ distribution }: BillOfMaterials): readonly object[] {
  if (!distribution) return [];
  const { id, versionId, name } = distribution;
  return [
    {
      type: "operating-system",
      "bom-ref": "os",
      name: id,
      ...(versionId !== undefined && { version: versionId }),
      ...(name !== undefined && { description: name }),
    },
  ];
}

function component(found: FoundPackage, index: number, { distribution }: BillOfMaterials): object {
  const { license } = found;
  return {
    type: "library",
    "bom-ref": `package-${index + 1}`,
    name: found.name,
    version: fullVersion(found),
    ...(license !== undefined && {
      licenses: [isExpression(license) ? { expression: license } : { license: { name: license } }],
    }),
    purl: packageUrl(found, distribution),
    properties: [{ name: "slipway:path", value: found.path }],
  };
}

/** A UUID of version 8 (RFC 9562) out of what the document is about. */
function uuidOf({ name, digest, packages }: BillOfMaterials): string {
  const hash = createHash("sha256")
    .update(JSON.stringify([name, digest, packages]))
    .digest();
  hash[6] = (hash[6]! & 0x0f) | 0x80;
  hash[8] = (hash[8]! & 0x3f) | 0x80;
  const hex = hash.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    "-",
  );
}

function toSeconds(time: string): string {
  return time.replace(/\.\d+/, "");
}
