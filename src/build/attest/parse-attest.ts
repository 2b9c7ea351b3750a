import { BuildError } from "../build-error.ts";
import { parseCsvMap } from "../csv.ts";
import type { AttestationOptions, ProvenanceOptions } from "./attestation-options.ts";

type Kind = "sbom" | "provenance";

const knownKeys: Readonly<Record<Kind, readonly string[]>> = {
  sbom: ["type", "disabled", "form"],
  provenance: [
    "type",
    "disabled",
    "form",
    "mode",
    "version",
    "builder-id",
    "reproducible",
    "inline-only",
    "filename",
  ],
};

/** What `--sbom` and `--provenance` stand for, in the words of `--attest`, as docker buildx has it: `true`, `false`, or attributes. */
export function attestOf(kind: Kind, value: string): string {
  const isOn = parseGoBool(value);
  if (isOn === undefined) return `type=${kind},${value}`;
  return isOn ? `type=${kind}` : `type=${kind},disabled=true`;
}

/** Reads attestations: `type=sbom` and `type=provenance[,mode=min|max]`; for one that is given twice the later one counts.
 * @returns undefined when none is asked for
 * @throws {BuildError} `INVALID_ARGUMENT`, with BuildKit's words where it has some */
export function parseAttestations(texts: readonly string[]): AttestationOptions | undefined {
  const byKind = new Map<Kind, ReadonlyMap<string, string>>();
  for (const text of texts) {
    const map = parseAttestation(text);
    byKind.set(map.get("type") as Kind, map);
  }
  const asked = [...byKind].filter(([, map]) => !isTrue(map, "disabled"));
  if (asked.length === 0) return undefined;
  const forms = new Set(asked.map(([, map]) => formOf(map)));
  if (forms.size > 1)
    throw invalid("Cannot attest in two forms: form is the same for all attestations of a build");
  const provenance = asked.find(([kind]) => kind === "provenance")?.[1];
  return {
    sbom: asked.some(([kind]) => kind === "sbom"),
    ...(provenance && { provenance: provenanceOf(provenance) }),
    ...(forms.has("referrer") && { areReferrers: true }),
  };
}

/** What a caller says of some kinds counts more than what is known of them.
 * @throws as `parseAttestations` */
export function overrideAttestations(
  known: AttestationOptions | undefined,
  texts: readonly string[],
): AttestationOptions | undefined {
  const kinds = new Set(texts.map((text) => parseAttestation(text).get("type")));
  const said = parseAttestations(texts);
  const sbom = (kinds.has("sbom") ? said : known)?.sbom ?? false;
  const provenance = (kinds.has("provenance") ? said : known)?.provenance;
  if (!sbom && !provenance) return undefined;
  const areReferrers = said?.areReferrers ?? known?.areReferrers;
  return { sbom, ...(provenance && { provenance }), ...(areReferrers && { areReferrers }) };
}

function parseAttestation(text: string): ReadonlyMap<string, string> {
  const map = parseCsvMap(text);
  const bare = text.split(",").find((field) => !field.includes("="));
  if (bare !== undefined) throw invalid(`invalid value ${bare.trim()}`);
  const type = map.get("type");
  if (type === undefined) throw invalid("attestation type not specified");
  if (type !== "sbom" && type !== "provenance")
    throw invalid(`unknown attestation type ${JSON.stringify(type)}`);
  if (map.has("generator"))
    throw invalid(
      `Cannot use the SBOM generator ${JSON.stringify(map.get("generator"))}: Slipway lists the packages itself`,
      {
        hint: "use --sbom=true",
      },
    );
  for (const key of map.keys()) {
    if (knownKeys[type].includes(key)) continue;
    const hint = `type=${type} takes ${knownKeys[type].slice(1).join(", ")}`;
    throw invalid(`Cannot use --attest "${text}": it does not take "${key}"`, { hint });
  }
  return map;
}

function provenanceOf(map: ReadonlyMap<string, string>): ProvenanceOptions {
  const mode = map.get("mode") ?? "max";
  if (mode !== "min" && mode !== "max") throw invalid(`invalid mode ${JSON.stringify(mode)}`);
  const version = map.get("version") ?? "v1";
  if (version !== "v1" && version !== "v0.2") throw invalid(`invalid provenance SLSA version: ${version}`);
  const fileName = map.get("filename");
  if (fileName?.includes("/")) throw invalid(`Cannot attest: filename is a name, not the path "${fileName}"`);
  return {
    mode,
    version,
    ...(fileName && { fileName }),
    builderId: map.get("builder-id") ?? "",
    ...(isTrue(map, "reproducible") && { isReproducible: true }),
    ...(isTrue(map, "inline-only") && { isInlineOnly: true }),
  };
}

function formOf(map: ReadonlyMap<string, string>): string {
  const form = map.get("form") ?? "index";
  if (form === "index" || form === "referrer") return form;
  throw invalid(`Cannot attest with form ${JSON.stringify(form)}: it is index or referrer`);
}

function isTrue(map: ReadonlyMap<string, string>, key: string): boolean {
  const value = map.get(key);
  if (value === undefined) return false;
  const isSet = parseGoBool(value);
  if (isSet === undefined)
    throw invalid(`Cannot attest: ${key} is true or false, not ${JSON.stringify(value)}`);
  return isSet;
}

/** Go's strconv.ParseBool. */
function parseGoBool(text: string): boolean | undefined {
  if (/^(?:1|t|T|TRUE|true|True)$/.test(text)) return true;
  return /^(?:0|f|F|FALSE|false|False)$/.test(text) ? false : undefined;
}

function invalid(message: string, options: { readonly hint?: string } = {}): BuildError {
  return new BuildError("INVALID_ARGUMENT", message, options);
}
