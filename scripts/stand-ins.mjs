// Makes base images from Debian packages, for machines that reach no public registry.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

const standIns = [
  { name: "alpine:latest", make: busyboxRootfs, config: 'CMD ["/bin/sh"]' },
  {
    name: "golang:latest",
    packages: ["golang-go", "ca-certificates"],
    config:
      "ENV GOPATH=/go PATH=/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\nWORKDIR /go",
  },
  {
    name: "python:3.7",
    packages: ["python3", "python3-pip", "ca-certificates"],
    hooks: ["--customize-hook=ln -s python3 $1/usr/bin/python", ...hostPipSettings()],
    config: 'ENV PIP_BREAK_SYSTEM_PACKAGES=1 PIP_ROOT_USER_ACTION=ignore\nCMD ["python3"]',
  },
];

/** Imports the stand-ins that the store lacks. The first time this takes minutes. */
export function makeStandIns({ home, say, slipway }) {
  const have = new Set(
    slipway(["images"])
      .split("\n")
      .map((line) => line.split(/\s+/, 2).join(":")),
  );
  const missing = standIns.filter(({ name }) => !have.has(name));
  if (missing.length === 0) return;
  install("mmdebstrap", "busybox-static");
  for (const standIn of missing) {
    say(
      `Making ${standIn.name} ${standIn.packages ? `from Debian's ${standIn.packages.join(", ")}` : "from Debian's busybox"}`,
    );
    const tar = path.join(home, "rootfs.tar");
    if (standIn.make) standIn.make(tar, home);
    else debootstrap(tar, standIn);
    const plain = `stand-in/${standIn.name}`;
    slipway(["import", tar, plain]);
    rmSync(tar);
    const context = path.join(home, "config");
    mkdirSync(context, { recursive: true });
    writeFileSync(path.join(context, "Dockerfile"), `FROM ${plain}\n${standIn.config}\n`);
    slipway(["build", "--progress=plain", "-t", standIn.name, context]);
  }
}

function install(...packages) {
  const script = `. scripts/debian-packages.sh; install_missing ${packages.join(" ")}`;
  const { status } = spawnSync("sh", ["-c", script], { stdio: "inherit" });
  if (status !== 0) process.exit(1);
}

function debootstrap(tar, { packages, hooks = [] }) {
  const args = [
    "--variant=minbase",
    "--quiet",
    `--include=${packages.join(",")}`,
    ...hooks,
    "bookworm",
    tar,
    mirror(),
  ];
  execFileSync("mmdebstrap", args.filter(Boolean), { stdio: ["ignore", "ignore", "inherit"] });
}

/** The mirror that this machine's own apt uses. */
function mirror() {
  const format = ["--format", "$(REPO_URI) $(LABEL)", "Created-By: Packages"];
  const targets = execFileSync("apt-get", ["indextargets", ...format], { encoding: "utf8" }).split("\n");
  return targets.find((line) => line.endsWith(" Debian"))?.split(" ")[0];
}

/** pip inside the image finds the package index as pip on this machine does. */
function hostPipSettings() {
  const files = ["/etc/pip.conf", "/etc/ssl/certs/ca-certificates.crt"].filter((file) => existsSync(file));
  return files.map((file) => `--customize-hook=copy-in ${file} ${path.dirname(file)}`);
}

function busyboxRootfs(tar, home) {
  const tree = path.join(home, "busybox");
  rmSync(tree, { recursive: true, force: true });
  for (const name of ["bin", "etc", "root", "tmp", "var", "home"])
    mkdirSync(path.join(tree, name), { recursive: true });
  execFileSync("cp", ["/bin/busybox", path.join(tree, "bin/busybox")]);
  execFileSync("chroot", [tree, "/bin/busybox", "--install", "-s", "/bin"]);
  writeFileSync(
    path.join(tree, "etc/passwd"),
    "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
  );
  writeFileSync(path.join(tree, "etc/group"), "root:x:0:\nnobody:x:65534:\n");
  execFileSync("tar", ["--owner=0", "--group=0", "--numeric-owner", "-C", tree, "-cf", tar, "."]);
  rmSync(tree, { recursive: true });
}
