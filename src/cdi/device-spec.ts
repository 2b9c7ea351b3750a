import { parse } from "yaml";
import { type ReadEdits, readEdits } from "./container-edits.ts";
import { invalid, listOf, objectOf, stringAt } from "./read-value.ts";

/** What one file of a vendor says. */
export interface DeviceSpec {
  /** `vendor.com/class` */
  readonly kind: string;
  /** Made once for all of its devices that a step has. */
  readonly edits: ReadEdits;
  readonly devices: readonly SpecDevice[];
}

export interface SpecDevice {
  readonly name: string;
  /** Those of the file, then its own. */
  readonly annotations: ReadonlyMap<string, string>;
  readonly edits: ReadEdits;
}

/** Reads a specification of the Container Device Interface; JSON is YAML.
 * @throws {CdiError} `SPEC_INVALID`; {YAMLParseError} */
export function parseDeviceSpec(text: string): DeviceSpec {
  const raw = objectOf(parse(text, { maxAliasCount: 100 }), "the specification");
  if (!/^v?[01]\.\d+\.\d+$/.test(stringAt(raw, "cdiVersion") ?? "")) throw invalid("unknown cdiVersion");
  const kind = stringAt(raw, "kind") ?? "";
  if (!isKind(kind)) throw invalid(`invalid kind "${kind}"`);
  const common = annotationsOf(raw);
  const devices = listOf(raw["devices"], "devices").map((value) => readDevice(value, common));
  if (devices.length === 0) throw invalid("no devices");
  const names = new Set(devices.map(({ name }) => name));
  if (names.size < devices.length) throw invalid("two devices of one name");
  return { kind, edits: readEdits(raw["containerEdits"]), devices };
}

/** `vendor/class`, by the rules of CDI. */
export function isKind(text: string): boolean {
  return /^[A-Za-z](?:[\w.-]*[A-Za-z0-9])?\/[A-Za-z](?:[\w-]*[A-Za-z0-9])?$/.test(text);
}

function readDevice(value: unknown, common: ReadonlyMap<string, string>): SpecDevice {
  const raw = objectOf(value, "a device");
  const name = stringAt(raw, "name") ?? "";
  if (!/^[A-Za-z0-9](?:[\w.:-]*[A-Za-z0-9])?$/.test(name)) throw invalid(`invalid device name "${name}"`);
  const annotations = new Map([...common, ...annotationsOf(raw)]);
  return { name, annotations, edits: readEdits(raw["containerEdits"]) };
}

/** Values may be written without quotes. */
function annotationsOf(raw: Readonly<Record<string, unknown>>): ReadonlyMap<string, string> {
  const entries = Object.entries(objectOf(raw["annotations"] ?? {}, "annotations"));
  return new Map(entries.map(([key, value]) => [key, String(value)]));
}
