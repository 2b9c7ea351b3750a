import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync } from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { listTree } from "./list-tree.ts";
import { type CommandResult, missingForContainers, Rig, run } from "./rig.ts";

const skip = missingForContainers();

// Whiteouts, a directory that replaces another, links of both kinds, owners, odd names, special bits, a pipe.
const dockerfile = String.raw`FROM busybox AS tools
RUN mkdir -p /out/d && echo tool > /out/d/tool && chown -R 12:34 /out && chmod 4750 /out/d/tool
FROM busybox
RUN mkdir -p /a/b /gone/deep && echo 1 > /a/b/one && ln /a/b/one /a/hard && ln -s ../a /a/b/soft && mkfifo /a/pipe
RUN rm -r /gone && rm -r /a/b && mkdir /a/b && echo 2 > /a/b/two && chmod 1777 /a/b
RUN touch "$(printf '/a/latin\351')" && echo long > /a/$(printf 'n%.0s' $(seq 1 200))
COPY --from=tools /out /out
ENV KEY="a value"
WORKDIR /work
USER app
LABEL org.example.name=x
ENTRYPOINT ["echo"]
CMD ["hello"]
`;

/** How each archive is made, and what skopeo calls it. */
const archives = [
  [["build", "-o", "type=docker,dest=a.tar"], "docker-archive"],
  [["build", "-o", "type=oci,dest=a.tar"], "oci-archive"],
  [["save", "--format", "docker", "-o", "a.tar"], "docker-archive"],
  [["save", "--format", "oci", "-o", "a.tar"], "oci-archive"],
] as const;

test("skopeo copies every archive, and umoci unpacks the same tree", {
  skip: skip || missing("skopeo", "umoci"),
}, async (t) => {
  const rig = await builtRig(t);
  const tree = listTree(await rig.exportTree());
  assert.equal(tree["gone"], undefined);
  assert.match(tree["out/d/tool"]!, /^file \w+ 4750 12:34 /);
  const expected = { config: await configOf(rig), tree };
  for (const [args, transport] of archives) {
    await t.test(`${args.join(" ")}: ${transport}`, async () => {
      await must(rig.slipway([...args, args[0] === "build" ? rig.contextDir : "app:v1"]));
      assert.deepEqual(await copyAndUnpack(rig, `${transport}:${path.join(rig.dir, "a.tar")}`), expected);
    });
  }
  await t.test("an unpacked OCI archive: oci", async () => {
    const layout = path.join(rig.dir, "layout");
    mkdirSync(layout);
    await must(run("tar", ["-xf", path.join(rig.dir, "a.tar"), "-C", layout]));
    assert.deepEqual(await copyAndUnpack(rig, `oci:${layout}`), expected);
  });
});

test("podman loads docker and OCI archives", { skip: skip || missing("podman") }, async (t) => {
  const rig = await builtRig(t);
  const podman = (...args: string[]) => {
    const place = ["--root", path.join(rig.dir, "podman"), "--runroot", path.join(rig.dir, "podman-run")];
    return must(run("podman", [...place, "--storage-driver=vfs", ...args]));
  };
  for (const format of ["docker", "oci"]) {
    const file = path.join(rig.dir, `${format}.tar`);
    await must(rig.slipway(["save", "--format", format, "-o", file, "app:v1"]));
    assert.match((await podman("load", "-q", "-i", file)).stdout, /app:v1/);
    const { stdout } = await podman("image", "inspect", "--format", "{{json .Config}}", "app:v1");
    assert.deepEqual(JSON.parse(stdout), await configOf(rig));
    await podman("rmi", "app:v1");
  }
});

async function builtRig(t: TestContext): Promise<Rig> {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", dockerfile);
  await rig.mustBuild("-t", "app:v1");
  return rig;
}

async function configOf(rig: Rig): Promise<unknown> {
  const { stdout } = await must(rig.slipway(["inspect", "app:v1"]));
  return (JSON.parse(stdout) as { Config: unknown }[])[0]!.Config;
}

/** What skopeo says the config is, and the tree that umoci makes of skopeo's copy. */
async function copyAndUnpack(
  rig: Rig,
  source: string,
): Promise<{ config: unknown; tree: ReturnType<typeof listTree> }> {
  const dir = mkdtempSync(path.join(rig.dir, "copy-"));
  const image = `${dir}/image:app`;
  await must(run("skopeo", ["--insecure-policy", "copy", "-q", source, `oci:${image}`]));
  const { stdout } = await must(run("skopeo", ["inspect", "--config", `oci:${image}`]));
  await must(run("umoci", ["unpack", "--image", image, `${dir}/bundle`]));
  return {
    config: (JSON.parse(stdout) as { config: unknown }).config,
    tree: listTree(`${dir}/bundle/rootfs`),
  };
}

function missing(...tools: string[]): string | false {
  const absent = tools.find((tool) => spawnSync("sh", ["-c", `command -v ${tool}`]).status !== 0);
  return absent !== undefined && `needs ${absent}`;
}

async function must(running: Promise<CommandResult>): Promise<CommandResult> {
  const result = await running;
  assert.equal(result.exitCode, 0, result.stderr);
  return result;
}
