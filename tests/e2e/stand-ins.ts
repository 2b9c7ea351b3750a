import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { busyboxRootfs, type Rig } from "./rig.ts";
import { standInTools } from "./stand-in-tools.ts";

/** Puts an image under every one of the names: busybox with scripts that stand in for the tools of real images. */
export async function importStandIns(rig: Rig, names: Iterable<string>): Promise<void> {
  const tree = mkdtempSync(path.join(rig.dir, "stand-in-"));
  execFileSync("tar", ["-xpf", busyboxRootfs(), "-C", tree]);
  mkdirSync(path.join(tree, "usr/local/bin"), { recursive: true });
  mkdirSync(path.join(tree, "etc/apk"));
  for (const [name, script] of Object.entries(standInTools)) {
    writeFileSync(path.join(tree, "usr/local/bin", name), `#!/bin/sh\nset -e\n${script.trim()}\n`, {
      mode: 0o755,
    });
  }
  writeFileSync(path.join(tree, "uv"), `#!/bin/sh\nset -e\n${standInTools.uv}\n`, { mode: 0o755 });
  symlinkSync("../../bin/busybox", path.join(tree, "usr/bin/awk"));
  const passwd = ["node:x:1000:1000::/home/node:/bin/sh", "www-data:x:33:33::/var/www:/bin/sh", ""];
  writeFileSync(path.join(tree, "etc/passwd"), passwd.join("\n"), { flag: "a" });
  writeFileSync(path.join(tree, "etc/group"), "www-data:x:33:\n", { flag: "a" });
  const tar = `${tree}.tar`;
  execFileSync("tar", ["--owner=0", "--group=0", "--numeric-owner", "-C", tree, "-cf", tar, "."]);
  await must(rig, "import", tar, "stand-in");
  for (const name of names) await must(rig, "tag", "stand-in", name);
}

async function must(rig: Rig, ...args: string[]): Promise<void> {
  const { exitCode, stderr } = await rig.slipway(args);
  if (exitCode !== 0) throw new Error(`slipway ${args.join(" ")} failed: ${stderr}`);
}

/** Every image that Dockerfiles start from or copy from, arguments replaced by their defaults. */
export function imagesOf(dockerfiles: readonly string[]): ReadonlySet<string> {
  const images = new Set<string>();
  for (const text of dockerfiles) {
    const defaults = new Map(
      [...text.matchAll(/^ARG (\w+)=(\S*)$/gm)].map(([, name, value]) => [name, value]),
    );
    const stages = new Set(["scratch", ...stagesOf(text)]);
    const used = [...text.matchAll(/^FROM (?:--\S+ )*(\S+)|--from=(\S+)/gm)];
    for (const [, base, from] of used) {
      const name = (base ?? from ?? "").replace(
        /\$\{(\w+)\}/g,
        (_match, arg: string) => defaults.get(arg) ?? "",
      );
      if (!stages.has(name)) images.add(name);
    }
  }
  return images;
}

export function stagesOf(dockerfile: string): readonly string[] {
  return [...dockerfile.matchAll(/^FROM .* AS (\S+)$/gm)].map(([, name = ""]) => name);
}
