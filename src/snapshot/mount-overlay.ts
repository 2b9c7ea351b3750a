import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import path from "node:path";
import { fileSystemType, MountFlag, mount, SysError, umount } from "../sys/index.ts";
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
  readonly links: OverlayLinks;
  /** In a user namespace: marks are `user.overlay.*` attributes. */
  readonly userxattr: boolean;
  /** Device nodes in the tree cannot be opened. */
  readonly nodev: boolean;
}

/** Mounts a stack of directories as one tree. Everything that is written goes to `upper`, which needs none of the others to be
 * understood: no redirects, no metadata-only copies. Nothing is synced at unmount where the kernel allows that (5.10).
 * @throws {OverlayError} `TOO_MANY_LAYERS` (more than two mounts take) | `OVERLAY_UNSUPPORTED`
 * @throws {SysError} */
export function mountOverlay(options: OverlayOptions): void {
  const lowers = atLeast(options.upper ? 1 : 2, { ...options, lowers: eachOnce(options.lowers) });
  if (lowers.length > MAX_LAYERS) {
    const message = `Cannot mount a stack of ${lowers.length} layers: the kernel takes at most ${MAX_LAYERS}`;
    throw new OverlayError("TOO_MANY_LAYERS", message, {
      hint: "merge steps, or start from a flattened image",
    });
  }
  if (lowers.length > MAX_LOWERS) mountOnBottom({ ...options, lowers });
  else mountOnce({ ...options, lowers });
}

/** What is too much for one mount lies upon another one, of the lowest layers. It must be the lowest ones: what a layer removes, a
 * mount of it removes only from what is in the same mount. */
function mountOnBottom(options: OverlayOptions): void {
  const { lowers, links, userxattr, nodev } = options;
  const count = lowers.length - MAX_LOWERS + 1;
  const bottom = links.bottom();
  mountOnce({ target: bottom, lowers: lowers.slice(0, count), links, userxattr, nodev });
  try {
    // Files of both mounts are on one device then, as they are with one mount.
    mountOnce({ ...options, lowers: [bottom, ...lowers.slice(count)] }, ["xino=on"]);
  } finally {
    umount(bottom, { detach: true }); // the mount upon it keeps it
  }
}

function mountOnce(options: OverlayOptions, more: readonly string[] = []): void {
  const { links, upper } = options;
  const topFirst = options.lowers.toReversed().map((lower) => links.nameOf(lower));
  const data = [
    `lowerdir=${topFirst.join(":")}`,
    ...(upper ? ["upperdir=U", "workdir=W"] : []),
    // userxattr implies no redirects and no metacopy, and refuses to be told.
    ...(options.userxattr ? ["userxattr"] : ["redirect_dir=off", "metacopy=off"]),
    "index=off",
    ...more,
  ];
  const own = upper ? { U: upper.directory, W: upper.work } : {};
  links.with(own, () => mountOrExplain(options, data));
}

/** Short names for directories: the options of a mount fit one page. The directory for them, in memory if possible, is this
 * object's own. */
export class OverlayLinks {
  readonly #directory: string;
  readonly #names = new Map<string, string>();
  readonly #empty: string[] = [];
  #bottom: string | undefined;

  /** @param directory absolute; is created. The caller removes it. */
  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(directory, { mode: 0o700 });
  }

  /** The name of an absolute directory that keeps its contents; linked once, for most steps stand on the layers of others. */
  nameOf(directory: string): string {
    const known = this.#names.get(directory);
    if (known !== undefined) return known;
    const name = this.#names.size.toString(36);
    symlinkSync(directory, path.join(this.#directory, name));
    this.#names.set(directory, name);
    return name;
  }

  /** An empty directory, different ones for different numbers. */
  empty(number: number): string {
    for (let next = this.#empty.length; next <= number; next++) this.#empty.push(this.#make(`empty${next}`));
    return this.#empty[number]!;
  }

  /** A directory to mount on for a moment. */
  bottom(): string {
    return (this.#bottom ??= this.#make("bottom"));
  }

  /** Does `work` where the names are relative paths, with links of upper case only for this time. Only this synchronous stretch runs
   * there; nothing else in the process uses relative paths. */
  with(links: Readonly<Record<string, string>>, work: () => void): void {
    const previous = process.cwd();
    process.chdir(this.#directory);
    try {
      for (const [name, directory] of Object.entries(links)) symlinkSync(directory, name);
      work();
    } finally {
      for (const name of Object.keys(links)) rmSync(name, { force: true });
      process.chdir(previous);
    }
  }

  #make(name: string): string {
    const directory = path.join(this.#directory, name);
    mkdirSync(directory);
    return directory;
  }
}

/** Of one mount. */
const MAX_LOWERS = 499;

/** A mount may lie upon a mount, and not that upon another one. */
const MAX_LAYERS = 2 * MAX_LOWERS - 1;

/** The kernel takes no directory twice. The upper one hides all of the lower one, whatever lies between. */
function eachOnce(lowers: readonly string[]): readonly string[] {
  return [...new Set(lowers.toReversed())].reverse();
}

/** The kernel wants two directories in all: empty ones make up for missing ones. */
function atLeast(
  count: number,
  { lowers, links }: Pick<OverlayOptions, "lowers" | "links">,
): readonly string[] {
  const missing = Math.max(count - lowers.length, 0);
  const empty = Array.from({ length: missing }, (_, number) => links.empty(number));
  return [...empty, ...lowers];
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
