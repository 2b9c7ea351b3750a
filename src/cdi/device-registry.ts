import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { isErrno } from "../util/index.ts";
import { CdiError } from "./cdi-error.ts";
import { type ContainerEdits, joinEdits, requireSupported } from "./container-edits.ts";
import { type DeviceSpec, isKind, parseDeviceSpec, type SpecDevice } from "./device-spec.ts";

/** A device as `RUN --device` names it: `vendor.com/class` (the first of them), `vendor.com/class=name`, `vendor.com/class=*`, or
 * with the name of a class that an annotation gives. */
export interface DeviceRequest {
  readonly name: string;
  /** Fails where there is none; otherwise the step goes without. */
  readonly required: boolean;
}

interface RegisteredDevice {
  readonly spec: DeviceSpec;
  readonly device: SpecDevice;
}

/** The devices of this machine, as files of the Container Device Interface describe them. */
export class DeviceRegistry {
  readonly #devices: ReadonlyMap<string, RegisteredDevice>;
  /** Why files that were found do not count. */
  readonly #problems: readonly string[];

  private constructor(devices: ReadonlyMap<string, RegisteredDevice>, problems: readonly string[]) {
    this.#devices = devices;
    this.#problems = problems;
  }

  /** Reads the specifications in directories; what a later one says of a device counts. Of two files of one directory that describe
   * the same device none does, as in CDI. A file that cannot be read costs its devices only. */
  static read(directories: readonly string[] = specDirs()): DeviceRegistry {
    const devices = new Map<string, RegisteredDevice>();
    const problems: string[] = [];
    for (const directory of directories) {
      for (const [name, found] of readDirectory(directory, problems)) {
        if (found.length === 1) devices.set(name, found[0]!);
        else devices.delete(name);
      }
    }
    return new DeviceRegistry(new Map([...devices].sort(([a], [b]) => (a < b ? -1 : 1))), problems);
  }

  /** Full names of what a request means, each `vendor.com/class=name`; none where nothing is required.
   * @throws {CdiError} `DEVICE_INVALID` | `DEVICE_NOT_FOUND` */
  find({ name, required }: DeviceRequest): readonly string[] {
    const [kind, wanted] = cut(name);
    if (!isKind(kind)) throw new CdiError("DEVICE_INVALID", `invalid device "${name}"`);
    const ofKind = [...this.#devices.keys()].filter((each) => each.startsWith(`${kind}=`));
    const found = wanted === "" ? ofKind.slice(0, 1) : ofKind.filter((each) => this.#matches(each, wanted));
    if (found.length > 0 || !required) return found;
    throw new CdiError("DEVICE_NOT_FOUND", `required device "${name}" is not registered`, {
      hint: this.#problems[0] ?? `described by no file in ${specDirs().join(", ")}`,
    });
  }

  /** May every build have it, without a word from its caller? */
  isAutoAllowed(name: string): boolean {
    return /^(?:1|t|T|TRUE|true|True)$/.test(this.#annotation(name, "autoallow") ?? "");
  }

  /** What the devices with these full names change in a container: each file's own edits once, before those of its devices.
   * @throws {CdiError} `DEVICE_NOT_FOUND` | `DEVICE_UNSUPPORTED` */
  edits(names: readonly string[]): ContainerEdits {
    const seen = new Set<DeviceSpec>();
    const edits = names.flatMap((name) => {
      const found = this.#devices.get(name);
      if (!found) throw new CdiError("DEVICE_NOT_FOUND", `required device "${name}" is not registered`);
      const { spec, device } = found;
      const own = requireSupported(name, device.edits);
      if (seen.has(spec)) return [own];
      seen.add(spec);
      return [requireSupported(name, spec.edits), own];
    });
    return joinEdits(edits);
  }

  /** A name counts before a class. */
  #matches(device: string, wanted: string): boolean {
    if (wanted === "*") return true;
    const [kind, name] = cut(device);
    if (this.#devices.has(`${kind}=${wanted}`)) return name === wanted;
    return this.#annotation(device, "class") === wanted;
  }

  #annotation(name: string, key: string): string | undefined {
    return this.#devices.get(name)?.device.annotations.get(`org.mobyproject.buildkit.device.${key}`);
  }
}

/** Where specifications are looked for, as by BuildKit: `SLIPWAY_CDI_SPEC_DIRS` (parted by colons) names other places. */
export function specDirs(env: NodeJS.ProcessEnv = process.env): readonly string[] {
  const named = env["SLIPWAY_CDI_SPEC_DIRS"];
  return named ? named.split(":").filter(Boolean) : ["/etc/cdi", "/var/run/cdi", "/etc/buildkit/cdi"];
}

/** Larger than any that a vendor writes. */
const specLimitBytes = 4 * 1024 * 1024;

function readDirectory(directory: string, problems: string[]): Map<string, RegisteredDevice[]> {
  const found = new Map<string, RegisteredDevice[]>();
  for (const file of filesOf(directory)) {
    try {
      const stat = statSync(file);
      if (!stat.isFile()) throw new Error("not a regular file");
      if (stat.size > specLimitBytes) throw new Error("too large");
      const spec = parseDeviceSpec(readFileSync(file, "utf8"));
      for (const device of spec.devices) {
        const name = `${spec.kind}=${device.name}`;
        found.set(name, [...(found.get(name) ?? []), { spec, device }]);
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      problems.push(`${file} does not count: ${reason}`);
    }
  }
  return found;
}

function filesOf(directory: string): readonly string[] {
  try {
    const names = readdirSync(directory).filter((name) => /\.(?:json|yaml)$/.test(name));
    return names.sort().map((name) => path.join(directory, name));
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR", "EACCES")) return [];
    throw error;
  }
}

function cut(name: string): [kind: string, wanted: string] {
  const at = name.indexOf("=");
  return at < 0 ? [name, ""] : [name.slice(0, at), name.slice(at + 1)];
}
