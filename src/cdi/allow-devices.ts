import { CdiError } from "./cdi-error.ts";
import type { DeviceRegistry, DeviceRequest } from "./device-registry.ts";

/** What the caller of a build lets its steps have, beside devices that allow it themselves: `all`, or names of `--allow device=…`, each
 * with the name that steps call it by, if that is another one. */
export type AllowedDevices = "all" | readonly { readonly name: string; readonly alias?: string }[];

/** Full names of the devices that a step gets.
 * @throws {CdiError} `DEVICE_INVALID` | `DEVICE_NOT_FOUND` | `DEVICE_NOT_ALLOWED` */
export function allowDevices(
  registry: DeviceRegistry,
  requests: readonly DeviceRequest[],
  allowed: AllowedDevices,
): readonly string[] {
  const found = new Set(
    requests.flatMap((request) => {
      const named = allowed === "all" ? undefined : allowed.find(({ alias }) => alias === request.name);
      return registry.find(named ? { ...request, name: named.name } : request);
    }),
  );
  if (found.size === 0 || allowed === "all") return [...found];
  const granted = new Set(allowed.flatMap(({ name }) => registry.find({ name, required: false })));
  const refused = [...found].filter((name) => !granted.has(name) && !registry.isAutoAllowed(name));
  if (refused.length === 0) return [...found];
  const subject = refused.length === 1 ? `device ${refused[0]} is` : `devices ${refused.join(", ")} are`;
  throw new CdiError("DEVICE_NOT_ALLOWED", `${subject} requested by the build but not allowed`, {
    hint: `allow it with --allow device, or --allow device=${refused[0]}`,
  });
}
