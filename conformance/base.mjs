import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";

const applets =
  "[ awk base64 basename cat chgrp chmod chown cmp cp cut date dd diff dirname du echo env expr false find grep head hostname id ln ls " +
  "md5sum mkdir mkfifo mknod mount mv nc od pwd readlink realpath rm rmdir sed seq sh sha256sum sleep sort stat tail tar tee test " +
  "touch tr true umask umount uname uniq vi wc wget which xargs yes";

/** A tar of a small root file system: a static busybox under the names the cases use, users and groups. */
export function makeBase(dir) {
  const tree = path.join(dir, "tree");
  for (const name of ["bin", "etc", "tmp", "root", "home/app", "dev", "proc", "sys"])
    mkdirSync(path.join(tree, name), { recursive: true });
  cpSync("/bin/busybox", path.join(tree, "bin/busybox"), { dereference: true });
  for (const applet of applets.split(" ")) symlinkSync("busybox", path.join(tree, "bin", applet));
  const passwd = ["root:x:0:0:root:/root:/bin/sh", "app:x:1000:1001:app:/home/app:/bin/sh", ""];
  writeFileSync(path.join(tree, "etc/passwd"), passwd.join("\n"));
  writeFileSync(path.join(tree, "etc/group"), "root:x:0:\nstaff:x:50:app\napp:x:1001:\n");
  execFileSync("chown", ["1000:1001", path.join(tree, "home/app")]);
  execFileSync("chmod", ["1777", path.join(tree, "tmp")]);
  const tar = path.join(dir, "base.tar");
  execFileSync("tar", ["--numeric-owner", "--sort=name", "--mtime=@1700000000", "-C", tree, "-cf", tar, "."]);
  return tar;
}
