import { findVolume, type Store, type VolumeInfo } from "../content/index.ts";
import { ComposeError } from "./compose-error.ts";
import type { Project, Service } from "./project.ts";

/** Keys of the volumes that services mount, in the file's order. */
export function mountedVolumes(project: Project, services: readonly Service[]): readonly string[] {
  const mounts = services.flatMap(({ volumes }) => volumes).filter((volume) => volume.kind === "volume");
  return [...project.volumes.keys()].filter((key) => mounts.some(({ source }) => source === key));
}

/** Are the volumes there that services mount, and that another project or caller must have made?
 * @throws {ComposeError} `COMPOSE_NOT_FOUND` */
export function checkExternalVolumes(project: Project, services: readonly Service[], { paths }: Store): void {
  for (const key of mountedVolumes(project, services)) {
    const { name, isExternal } = project.volumes.get(key)!;
    if (isExternal && !findVolume(paths.volumes, name))
      throw new ComposeError("COMPOSE_NOT_FOUND", `external volume "${name}" not found`, {
        hint: "slipway du --verbose lists the volumes",
      });
  }
}

/** The project's own volumes that there are. */
export function ownVolumes(project: Project, { paths }: Store): readonly VolumeInfo[] {
  const own = [...project.volumes.values()].filter(({ isExternal }) => !isExternal);
  return own.flatMap(({ name }) => findVolume(paths.volumes, name) ?? []);
}
