import { getXattr, type HostPath, listXattrs } from "../sys/index.ts";
import { isContentXattr, type Xattr } from "../tree/index.ts";

/** How an opaque directory is marked: `user.` inside a user namespace, whose overlay mounts have the option `userxattr`. */
export type OpaqueXattr = "trusted.overlay.opaque" | "user.overlay.opaque";

const ofDependentLayer = /^(?:trusted|user)\.overlay\.(?:redirect|metacopy)$/;

export interface FoundXattrs {
  /** Those that travel, in byte order. */
  readonly xattrs: readonly Xattr[];
  readonly isOpaque: boolean;
  /** Is the file only complete together with a lower layer of this machine? */
  readonly isDependent: boolean;
}

const none: FoundXattrs = { xattrs: [], isOpaque: false, isDependent: false };

/** Reads the attributes of a file and what overlayfs says with them. */
export function readXattrs(path: HostPath, opaqueXattr: OpaqueXattr): FoundXattrs {
  const names = listXattrs(path);
  if (names.length === 0) return none;
  return {
    xattrs: readLayerXattrs(path, names),
    isOpaque: names.includes(opaqueXattr) && getXattr(path, opaqueXattr)?.toString() === "y",
    isDependent: names.some((name) => ofDependentLayer.test(name)),
  };
}

function readLayerXattrs(path: HostPath, names: readonly string[]): Xattr[] {
  const xattrs: Xattr[] = [];
  for (const name of names.filter(isContentXattr).sort()) {
    const value = getXattr(path, name);
    if (value) xattrs.push({ name, value });
  }
  return xattrs;
}
