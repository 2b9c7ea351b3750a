import { mkdirSync, symlinkSync } from "node:fs";
import path from "node:path";
import { MountFlag, mount, SysError } from "../sys/index.ts";
import { OverlayError } from "./overlay-error.ts";

export interface OverlayOptions {
  /** Absolute directory where the merged tree appears. */
  readonly target: string;
  /** Absolute directories, bottom first. */
  readonly lowers: readonly string[];
  /** Absolute; absent = the merged tree is read-only. */
  readonly upper?: string;
  /** A fresh, empty directory on the file system of `upper`, for the kernel's use and links of ours. */
  readonly scratch: string;
  /** In a user namespace: marks are `user.overlay.*` attributes. */
  readonly userxattr: boolean;
  /** Device nodes in the tree cannot be opened. */
  readonly nodev: boolean;
}

/** Mounts a stack of directories as one tree. Everything that is written goes to `upper`, which needs none of the others to be
 * understood: no redirects, no metadata-only copies. Nothing is synced at unmount (`volatile`).
 * @throws {OverlayError} `TOO_MANY_LAYERS` (the kernel takes 500) | `OVERLAY_UNSUPPORTED`
 * @throws {SysError} */
export function mountOverlay(options: OverlayOptions): void {
  const { scratch } = options;
  const lowers = [...options.lowers];
  // The kernel wants at least two directories in all, one below an upper one.
  if (lowers.length === 0 || (options.upper === undefined && lowers.length === 1))
    lowers.unshift(empty(scratch));
  if (lowers.length > MAX_LOWERS) {
    const message = `Cannot mount a stack of ${lowers.length} layers: the kernel takes at most ${MAX_LOWERS}`;
    throw new OverlayError("TOO_MANY_LAYERS", message, {
      hint: "merge steps, or start from a flattened image",
    });
  }
  const links = path.join(scratch, "l");
  mkdirSync(links);
  const name = (directory: string, link: string) => {
    symlinkSync(directory, path.join(links, link));
    return link;
  };
  const topFirst = lowers.toReversed().map((lower, index) => name(lower, index.toString(36)));
  const data = [
    `lowerdir=${topFirst.join(":")}`,
    ...(options.upper === undefined ? [] : upperOptions(options.upper, scratch, name)),
    // userxattr implies no redirects and no metacopy, and refuses to be told.
    ...(options.userxattr ? ["userxattr"] : ["redirect_dir=off", "metacopy=off"]),
    "index=off",
  ].join(",");
  inDirectory(links, () => mountOrExplain(options, data));
}

const MAX_LOWERS = 499;

function empty(scratch: string): string {
  const directory = path.join(scratch, "empty");
  mkdirSync(directory);
  return directory;
}

function upperOptions(
  upper: string,
  scratch: string,
  name: (directory: string, link: string) => string,
): string[] {
  const work = path.join(scratch, "work");
  mkdirSync(work);
  return [`upperdir=${name(upper, "U")}`, `workdir=${name(work, "W")}`, "volatile"];
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

function mountOrExplain(options: OverlayOptions, data: string): void {
  try {
    mount(options.target, {
      type: "overlay",
      flags: options.nodev ? MountFlag.NODEV : 0,
      data,
    });
  } catch (error) {
    if (!(error instanceof SysError) || !["ENODEV", "EPERM", "EINVAL"].includes(error.code)) throw error;
    throw new OverlayError("OVERLAY_UNSUPPORTED", `Cannot mount layers: ${reason(error, options)}`, {
      cause: error,
      hint: "the kernel's log (dmesg) says more",
    });
  }
}

function reason(error: SysError, { userxattr }: OverlayOptions): string {
  if (error.code === "ENODEV")
    return 'the kernel has no overlay file system ("modprobe overlay" as root loads it)';
  if (userxattr) return "overlayfs in a user namespace is refused here; it needs Linux 5.11 or newer";
  return `overlayfs refuses the store's file system or these options (${error.code})`;
}
