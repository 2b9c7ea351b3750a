import { mkdirSync, symlinkSync } from "node:fs";
import path from "node:path";
import { fileSystemType, MountFlag, mount, SysError } from "../sys/index.ts";
import { OverlayError } from "./overlay-error.ts";

export interface OverlayOptions {
  /** Absolute directory where the merged tree appears. */
  readonly target: string;
  /** Absolute directories, bottom first. */
  readonly lowers: readonly string[];
  /** Absent = the merged tree is read-only. */
  readonly upper?: {
    /** Absolute; gets what is written. */
    readonly directory: string;
    /** Absolute; a fresh, empty directory on the same file system, for the kernel's use. */
    readonly work: string;
  };
  /** Absolute; is created, in memory if possible, and gets links to the others. The caller removes it after the unmount. */
  readonly links: string;
  /** In a user namespace: marks are `user.overlay.*` attributes. */
  readonly userxattr: boolean;
  /** Device nodes in the tree cannot be opened. */
  readonly nodev: boolean;
}

/** Mounts a stack of directories as one tree. Everything that is written goes to `upper`, which needs none of the others to be
 * understood: no redirects, no metadata-only copies. Nothing is synced at unmount where the kernel allows that (5.10).
 * @throws {OverlayError} `TOO_MANY_LAYERS` (the kernel takes 500) | `OVERLAY_UNSUPPORTED`
 * @throws {SysError} */
export function mountOverlay(options: OverlayOptions): void {
  const { links, upper } = options;
  mkdirSync(links);
  const link = (name: string, directory: string) => {
    symlinkSync(directory, path.join(links, name));
    return name;
  };
  const lowers = atLeast(upper ? 1 : 2, { ...options, lowers: eachOnce(options.lowers) });
  if (lowers.length > MAX_LOWERS) {
    const message = `Cannot mount a stack of ${lowers.length} layers: the kernel takes at most ${MAX_LOWERS}`;
    throw new OverlayError("TOO_MANY_LAYERS", message, {
      hint: "merge steps, or start from a flattened image",
    });
  }
  const topFirst = lowers.toReversed().map((lower, index) => link(index.toString(36), lower));
  const data = [
    `lowerdir=${topFirst.join(":")}`,
    ...(upper ? [`upperdir=${link("U", upper.directory)}`, `workdir=${link("W", upper.work)}`] : []),
    // userxattr implies no redirects and no metacopy, and refuses to be told.
    ...(options.userxattr ? ["userxattr"] : ["redirect_dir=off", "metacopy=off"]),
    "index=off",
  ];
  inDirectory(links, () => mountOrExplain(options, data));
}

const MAX_LOWERS = 499;

/** The kernel takes no directory twice. The upper one hides all of the lower one, whatever lies between. */
function eachOnce(lowers: readonly string[]): readonly string[] {
  return [...new Set(lowers.toReversed())].reverse();
}

/** The kernel wants two directories in all: empty ones make up for missing ones. */
function atLeast(
  count: number,
  { lowers, links }: Pick<OverlayOptions, "lowers" | "links">,
): readonly string[] {
  const empty = Array.from({ length: Math.max(count - lowers.length, 0) }, (_, number) => {
    const directory = path.join(links, `empty${number}`);
    mkdirSync(directory);
    return directory;
  });
  return [...empty, ...lowers];
}

/** The options fit one page, so directories go by links of one or two characters, found from the working directory. Only this
 * synchronous stretch runs there; nothing else in the process uses relative paths. */
function inDirectory(directory: string, work: () => void): void {
  const previous = process.cwd();
  process.chdir(directory);
  try {
    work();
  } finally {
    process.chdir(previous);
  }
}

let knowsVolatile = true;

function mountOrExplain(options: OverlayOptions, data: readonly string[]): void {
  const { target, upper, nodev } = options;
  const isVolatile = upper !== undefined && knowsVolatile;
  try {
    mount(target, {
      type: "overlay",
      flags: nodev ? MountFlag.NODEV : 0,
      data: [...data, ...(isVolatile ? ["volatile"] : [])].join(","),
    });
  } catch (error) {
    if (isVolatile && error instanceof SysError && error.code === "EINVAL") {
      knowsVolatile = false;
      return mountOrExplain(options, data);
    }
    if (!(error instanceof SysError) || !["ENODEV", "EPERM", "EINVAL"].includes(error.code)) throw error;
    throw new OverlayError("OVERLAY_UNSUPPORTED", `Cannot mount layers: ${reason(error, options)}`, {
      cause: error,
      hint:
        error.code === "EINVAL"
          ? "keep the store on a local disk, in a container on a volume: --root or SLIPWAY_ROOT"
          : undefined,
    });
  }
}

function reason(error: SysError, { userxattr, upper }: OverlayOptions): string {
  if (error.code === "ENODEV")
    return 'the kernel has no overlay file system ("modprobe overlay" as root loads it)';
  if (userxattr && error.code === "EPERM")
    return "overlayfs in a user namespace is refused here; it needs Linux 5.11 or newer";
  if (upper) return `overlayfs cannot write to a directory on ${fileSystemType(upper.directory)}`;
  return `overlayfs refuses these directories (${error.code})`;
}
