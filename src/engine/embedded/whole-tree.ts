import type { CopyAction, Mount } from "../../llb/index.ts";

/** What a bind mount of a context shows, as a copy would select it. */
export function wholeTree(mount: Mount): CopyAction {
  const selector = "selector" in mount ? mount.selector : undefined;
  const from = "input" in mount ? mount.input : 0;
  return {
    kind: "copy",
    from,
    source: selector ?? "/",
    dest: "/",
    followSymlink: true,
    copyDirContents: true,
    attemptUnpack: false,
    createDestPath: true,
    allowWildcard: false,
    allowEmptyWildcard: false,
  };
}
