import { fileSystemType, mount, umount } from "../sys/index.ts";
import { isErrno } from "../util/index.ts";

const CGROUPS = "/sys/fs/cgroup";
let isHidden = false;

/** crun refuses hosts where cgroup v1 hierarchies are mounted beside v2, though it needs no cgroup here: it is shown an empty
 * directory. runc wants to see what there is. Only this mount namespace changes. */
export function showCgroupsTo(runtime: "crun" | "runc"): void {
  if (runtime === "crun" && !isHidden && isHybrid()) {
    mount(CGROUPS, { type: "tmpfs", data: "mode=755,size=4k" });
    isHidden = true;
  }
  if (runtime === "runc" && isHidden) {
    umount(CGROUPS);
    isHidden = false;
  }
}

function isHybrid(): boolean {
  return typeOrAbsent(CGROUPS) === "tmpfs" && typeOrAbsent(`${CGROUPS}/unified`) === "cgroup2";
}

function typeOrAbsent(directory: string): string | undefined {
  try {
    return fileSystemType(directory);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}
