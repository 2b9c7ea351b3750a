import { mkdirSync } from "node:fs";
import { mountOverlay } from "../snapshot/index.ts";
import { umount } from "../sys/index.ts";
import type { Environment } from "./environment.ts";
import type { Defer } from "./undo.ts";
import { removePath } from "./remove-path.ts";

/** Mounts a stack of directories, bottom first, at `target`, which is created. What is written to a writable view is thrown away. */
export function mountView(
  environment: Environment,
  view: { readonly lowers: readonly string[]; readonly readonly: boolean; readonly target: string },
  defer: Defer,
): string {
  const { temp } = environment.store;
  mkdirSync(view.target, { mode: 0o700 });
  const scratch = temp.newPath("overlay");
  mkdirSync(scratch, { mode: 0o700 });
  defer(() => removePath(scratch));
  const upper = view.readonly ? undefined : temp.newPath("view");
  if (upper !== undefined) {
    mkdirSync(upper, { mode: 0o755 });
    defer(() => removePath(upper));
  }
  mountOverlay({
    target: view.target,
    lowers: view.lowers,
    ...(upper !== undefined && { upper }),
    scratch,
    userxattr: environment.sandbox.userNamespace,
    nodev: true,
  });
  defer(() => umount(view.target, { detach: true }));
  return view.target;
}
