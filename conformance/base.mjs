import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";

/** A tar of a small root file system: a static busybox under the names the cases use, users and groups. */
export function makeBase(dir) {
  const tree = path.join(dir, "tree");
  for (const name of ["bin", "etc", "tmp", "root", "home/app", "dev", "proc", "sys"])
    mkdirSync(path.join(tree, name), { recursive: true });
  cpSync("/bin/busybox", path.join(tree, "bin/busybox"), { dereference: true });
  const applets = execFileSync("/bin/busybox", ["--list"], { encoding: "utf8" }).trim().split("\n");
  for (const applet of applets)
    if (applet !== "busybox") symlinkSync("busybox", path.join(tree, "bin", applet));
  const passwd = ["root:x:0:0:root:/root:/bin/sh", "app:x:1000:1001:app:/home/app:/bin/sh", ""];
  writeFileSync(path.join(tree, "etc/passwd"), passwd.join("\n"));
  writeFileSync(path.join(tree, "etc/group"), "root:x:0:\nstaff:x:50:app\napp:x:1001:\n");
  execFileSync("chown", ["1000:1001", path.join(tree, "home/app")]);
  execFileSync("chmod", ["1777", path.join(tree, "tmp")]);
  const tar = path.join(dir, "base.tar");
  execFileSync("tar", ["--numeric-owner", "--sort=name", "--mtime=@1700000000", "-C", tree, "-cf", tar, "."]);
  return tar;
}
