import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { missingForContainers, Rig } from "./rig.ts";

const skip = missingForContainers();

interface FakeImage {
  readonly Id: string;
  readonly RepoTags: string[];
  readonly RootFS: { readonly Layers: readonly string[] };
}

/** A docker daemon that keeps images as docker's own store does: an archive may lack layers that an image here has. */
class FakeDocker {
  readonly images = new Map<string, FakeImage>();
  /** Names of the files of each archive that came. */
  readonly archives: string[][] = [];
  readonly host: string;
  driver = "overlay2";
  refuses = 0;
  readonly #dir: string;
  readonly #server: Server;

  private constructor(dir: string) {
    this.#dir = dir;
    this.host = `unix://${dir}/docker.sock`;
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const [status, body] = this.#answer(request.method ?? "", request.url ?? "", Buffer.concat(chunks));
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
      });
    });
  }

  static async start(t: TestContext, rig: Rig): Promise<FakeDocker> {
    const dir = path.join(rig.dir, "docker");
    mkdirSync(dir);
    const docker = new FakeDocker(dir);
    await new Promise<void>((resolve) => docker.#server.listen(path.join(dir, "docker.sock"), resolve));
    t.after(() => docker.#server.close());
    return docker;
  }

  #answer(method: string, url: string, body: Buffer): [number, unknown] {
    const id = decodeURIComponent(/^\/images\/(.+)\/(?:json|tag)/.exec(url)?.[1] ?? "");
    const image = this.images.get(id);
    if (url === "/info") return [200, { DriverStatus: [["driver-type", this.driver]] }];
    if (url === "/images/json") return [200, [...this.images.values()].map(({ Id }) => ({ Id }))];
    if (method === "GET") return image ? [200, image] : [404, { message: `No such image: ${id}` }];
    if (url.startsWith("/images/load")) return this.#load(body);
    const query = new URL(url, "http://docker").searchParams;
    image?.RepoTags.push(`${query.get("repo")}:${query.get("tag")}`);
    return [201, ""];
  }

  #load(body: Buffer): [number, unknown] {
    if (this.refuses-- > 0) return [500, { message: "no room" }];
    const archive = path.join(this.#dir, `archive-${this.archives.length}`);
    mkdirSync(archive);
    writeFileSync(`${archive}.tar`, body);
    execFileSync("tar", ["-xf", `${archive}.tar`, "-C", archive]);
    this.archives.push(readdirSync(path.join(archive, "blobs/sha256")).sort());
    const read = (name: string) => readFileSync(path.join(archive, name));
    const [manifest] = JSON.parse(read("manifest.json").toString()) as [
      { Config: string; RepoTags: string[]; Layers: string[] },
    ];
    const config = read(manifest.Config);
    const { rootfs } = JSON.parse(config.toString()) as { rootfs: { diff_ids: string[] } };
    const known = [...this.images.values()].map(({ RootFS }) => RootFS.Layers.join());
    for (const [index, layer] of manifest.Layers.entries()) {
      const chain = rootfs.diff_ids.slice(0, index + 1).join();
      if (known.some((each) => each.startsWith(chain))) continue;
      if (!existsSync(path.join(archive, layer))) return [500, { message: `open ${layer}: no such file` }];
      const digest = createHash("sha256").update(read(layer)).digest("hex");
      assert.equal(`sha256:${digest}`, rootfs.diff_ids[index], "an uncompressed layer");
    }
    const Id = `sha256:${createHash("sha256").update(config).digest("hex")}`;
    this.images.set(Id, { Id, RepoTags: manifest.RepoTags, RootFS: { Layers: rootfs.diff_ids } });
    return [200, { stream: "Loaded image" }];
  }
}

test("docker gets an image once, then its names, and of a changed one only the new layers", {
  skip,
}, async (t) => {
  const rig = await Rig.withBusybox(t);
  const docker = await FakeDocker.start(t, rig);
  const load = async (...args: string[]) => {
    const command = ["build", "--progress=plain", "--load", ...args, rig.contextDir];
    const result = await rig.slipway(command, { env: { DOCKER_HOST: docker.host } });
    assert.equal(result.exitCode, 0, result.stderr);
    return result.stderr;
  };
  rig.file("Dockerfile", "FROM busybox\nRUN echo one > /one\n");
  assert.match(await load("-t", "app"), /image to docker \(unix:\/\/.*docker.sock\)/);
  assert.match(
    await load("-t", "app", "-t", "r.example/other:2"),
    /image in docker .*, which had it already/,
  );
  assert.equal(docker.archives.length, 1);
  assert.deepEqual([...docker.images.values()][0]!.RepoTags, ["app:latest", "r.example/other:2"]);

  rig.file("Dockerfile", "FROM busybox\nRUN echo one > /one\nRUN echo two > /two\n");
  await load("-t", "app");
  const [first, second] = docker.archives;
  assert.equal(first!.length, 4, "two layers, config and manifest");
  assert.equal(second!.length, 3, "one layer, config and manifest");

  const copied = await rig.slipway(["copy", "app", "docker-daemon:again:1"], {
    env: { DOCKER_HOST: docker.host },
  });
  assert.equal(copied.exitCode, 0, copied.stderr);
  assert.deepEqual([...docker.images.values()][1]!.RepoTags, ["app:latest", "again:1"]);
  assert.equal(docker.archives.length, 2);

  docker.driver = "io.containerd.snapshotter.v1";
  rig.file("Dockerfile", "FROM busybox\nRUN echo one > /one\nRUN echo three > /three\n");
  await load("-t", "app");
  assert.equal(docker.archives[2]!.length, 5, "containerd's store takes whole images");

  docker.driver = "overlay2";
  docker.refuses = 1;
  rig.file("Dockerfile", "FROM busybox\nRUN echo one > /one\nRUN echo four > /four\n");
  await load("-t", "app");
  assert.equal(docker.archives[3]!.length, 5, "what is refused is sent again, whole");
});

test("docker gets a layer that it has when the same is once more above", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  const docker = await FakeDocker.start(t, rig);
  const load = async () => {
    const result = await rig.slipway(["build", "-t", "app", "--load", rig.contextDir], {
      env: { DOCKER_HOST: docker.host },
    });
    assert.equal(result.exitCode, 0, result.stderr);
  };
  rig.file("Dockerfile", "FROM busybox\nRUN true\nRUN echo one > /one\n");
  await load();
  rig.file("Dockerfile", "FROM busybox\nRUN true\nRUN echo two > /two\nRUN true\n");
  await load();
  const [first, second] = docker.archives;
  assert.equal(first!.length, 5, "three layers, config and manifest");
  assert.equal(second!.length, 4, "two layers, config and manifest");
});

test("what docker complains of is told, and so is a docker that is not there", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  const docker = await FakeDocker.start(t, rig);
  docker.refuses = 9;
  rig.file("Dockerfile", "FROM busybox\n");
  const build = (host: string) =>
    rig.slipway(["build", "--load=docker", rig.contextDir], { env: { DOCKER_HOST: host } });
  const refused = await build(docker.host);
  assert.equal(refused.exitCode, 1);
  assert.match(refused.stderr, /Cannot load into docker \(unix:\/\/.*\): no room/);
  const absent = await build(`unix://${rig.dir}/nowhere.sock`);
  assert.equal(absent.exitCode, 10);
  assert.match(absent.stderr, /Cannot reach docker at unix:\/\/.*nowhere.sock: connect ENOENT/);
  const remote = await build("ssh://host");
  assert.match(remote.stderr, /Cannot reach docker at "ssh:\/\/host": expected unix:\/\/ or tcp:\/\//);
});

test("an image without a name is not loaded where nothing of it would stay, and nothing is built", async (t) => {
  const rig = Rig.create(t);
  rig.file("Dockerfile", "FROM scratch\nCOPY Dockerfile /\n");
  for (const engine of ["containerd", "kind", "k3d:dev", "minikube"]) {
    const { exitCode, stderr } = await rig.build(`--load=${engine}`);
    const [name] = engine.split(":");
    const told = `ERROR: Cannot load into ${name}: the image has no name\nhint: name it with -t NAME\n`;
    assert.ok(stderr.endsWith(told), stderr);
    assert.equal(exitCode, 2);
  }
  assert.equal((await rig.slipway(["images", "-q"])).stdout, "");
});

test("podman, containerd, minikube and the nodes of clusters are driven by their commands, and asked first", {
  skip,
}, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", "FROM busybox\nRUN echo one > /one\n");
  const bin = path.join(rig.dir, "bin");
  mkdirSync(bin);
  // Each notes how it is called; what is loaded is there from then on.
  const fake = (name: string, script: string) => {
    writeFileSync(path.join(bin, name), `#!/bin/sh\necho "${name} $*" >> ${rig.dir}/calls\n${script}\n`);
    chmodSync(path.join(bin, name), 0o755);
  };
  const standIn = (name: string) =>
    `exec ${process.execPath} ${path.resolve(`tests/e2e/stand-in-${name}.mjs`)} ${rig.dir}/${name}`;
  fake("podman", `${standIn("podman")} "$@"`);
  fake("ctr", `${standIn("ctr")} "$@"`);
  fake("docker", `node=$3; shift 4; ${standIn("ctr")}-$node "$@"`);
  fake("kind", "echo node1 node2");
  fake(
    "k3d",
    'printf "node3 server dev running\\nnode4 loadbalancer dev running\\nnode5 agent other running\\n"',
  );
  fake(
    "minikube",
    `case "$*" in
    *"image load "*) id=$(tar -xOf "$5" manifest.json | sed 's/.*sha256.\\([0-9a-f]*\\)","RepoTags.*/\\1/')
      tar -xOf "$5" manifest.json | grep -q '"RepoTags":."app:latest".,' || exit 1
      echo '[{"id":"'$id'","repoTags":["docker.io/library/app:latest"]}]' > ${rig.dir}/minikube;;
    *"image tag "*) sed -i "s|\\]|,\\"$6\\"]|" ${rig.dir}/minikube;;
    *"image ls "*) cat ${rig.dir}/minikube 2>/dev/null || echo null;;
  esac`,
  );
  const calls = async (engine: string, ...args: string[]) => {
    writeFileSync(path.join(rig.dir, "calls"), "");
    const env = { PATH: `${bin}:${process.env["PATH"]}`, DOCKER_HOST: "" };
    const result = await rig.slipway(["build", "-t", "app", ...args, `--load=${engine}`, rig.contextDir], {
      env,
    });
    assert.equal(result.exitCode, 0, result.stderr);
    return readFileSync(path.join(rig.dir, "calls"), "utf8").trim().split("\n");
  };
  const isLoad = (call: string) => / load|import/.test(call);
  assert.deepEqual((await calls("podman")).filter(isLoad), ["podman load -q"]);
  assert.deepEqual((await calls("podman")).filter(isLoad), []);
  assert.deepEqual((await calls("containerd:mine")).filter(isLoad), ["ctr -n mine images import -"]);
  assert.equal(
    (await calls("containerd:mine")).length,
    2,
    "it is asked for names and blobs, and nothing else",
  );
  assert.deepEqual((await calls("containerd:mine", "-t", "other")).slice(2), [
    "ctr -n mine images tag --force docker.io/library/app:latest docker.io/library/other:latest",
  ]);
  const kind = await calls("kind:dev");
  assert.equal(kind[0], "kind get nodes --name dev");
  assert.deepEqual(kind.filter(isLoad), [
    "docker exec -i node1 ctr -n k8s.io images import -",
    "docker exec -i node2 ctr -n k8s.io images import -",
  ]);
  assert.deepEqual((await calls("kind:dev")).filter(isLoad), []);
  const k3d = await calls("k3d:dev");
  assert.equal(k3d[0], "k3d node list --no-headers");
  assert.deepEqual(k3d.filter(isLoad), ["docker exec -i node3 ctr -n k8s.io images import -"]);
  assert.deepEqual((await calls("k3d:dev")).filter(isLoad), []);
  assert.match((await calls("minikube:dev"))[1]!, /^minikube -p dev image load /);
  assert.deepEqual(await calls("minikube:dev", "-t", "other"), [
    "minikube -p dev image ls --format json",
    "minikube -p dev image tag docker.io/library/app:latest docker.io/library/other:latest",
  ]);
  // Where the runtime is CRI-O podman reads the archive, which is right about one name only.
  rig.file("Dockerfile", "FROM busybox\nRUN echo two > /two\n");
  const [, load = "", ...rest] = await calls("minikube:dev", "-t", "other");
  assert.match(load, /image load /);
  assert.deepEqual(rest, [
    "minikube -p dev image ls --format json",
    "minikube -p dev image tag docker.io/library/app:latest docker.io/library/other:latest",
  ]);
});
