import { mkdirSync } from "node:fs";
import { mountOverlay } from "../snapshot/index.ts";
import { umount } from "../sys/index.ts";
import type { Environment } from "./environment.ts";
import type { Defer } from "./undo.ts";

/** Mounts a stack of directories, bottom first, at `target`, which is created. What is written to a writable view is thrown away. */
export function mountView(
  environment: Environment,
  view: { readonly lowers: readonly string[]; readonly readonly: boolean; readonly target: string },
  defer: Defer,
): string {
  const { temp } = environment.store;
  mkdirSync(view.target, { mode: 0o700 });
  const upper = view.readonly ? undefined : { directory: temp.newPath("view"), work: temp.newPath("work") };
  for (const made of upper ? [upper.directory, upper.work] : []) {
    mkdirSync(made, { mode: 0o755 });
    defer(() => environment.rubbish.add(made));
  }
  mountOverlay({
    target: view.target,
    lowers: view.lowers,
    ...(upper && { upper }),
    links: environment.links,
    userxattr: environment.sandbox.userNamespace,
    nodev: true,
  });
  defer(() => umount(view.target, { detach: true }));
  return view.target;
}
