import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { missingForContainers, Rig } from "./rig.ts";

const skip = missingForContainers();

/** Podman, a containerd, and a cluster of two nodes; and an image of two layers. */
class Engines {
  readonly #rig: Rig;

  private constructor(rig: Rig) {
    this.#rig = rig;
  }

  static async start(t: TestContext): Promise<Engines> {
    const engines = new Engines(await Rig.withBusybox(t));
    const standIn = (name: string, place: string) =>
      `exec ${process.execPath} ${path.resolve(`tests/e2e/stand-in-${name}.mjs`)} ${engines.directory(place)} "$@"`;
    engines.#command("podman", standIn("podman", "podman"));
    engines.#command("ctr", standIn("ctr", "containerd"));
    engines.#command("docker", `node=$3; shift 4; ${standIn("ctr", "$node")}`);
    engines.#command("kind", "echo node1 node2");
    return engines;
  }

  #command(name: string, script: string): void {
    const bin = path.join(this.#rig.dir, "bin");
    mkdirSync(bin, { recursive: true });
    writeFileSync(path.join(bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(path.join(bin, name), 0o755);
  }

  /** What a stand-in keeps. */
  directory(place: string): string {
    return path.join(this.#rig.dir, `engine-${place}`);
  }

  tell(name: string, text: string, place = "containerd"): void {
    writeFileSync(path.join(this.directory(place), name), text);
  }

  async load(engine: string, word: string, ...args: string[]) {
    this.#rig.file("Dockerfile", `FROM busybox\nRUN echo ${word} > /word\n`);
    const command = ["build", "-t", "app", `--load=${engine}`, ...args, this.#rig.contextDir];
    return await this.#rig.slipway(command, {
      env: { PATH: `${this.#rig.dir}/bin:${process.env["PATH"]}` },
    });
  }

  async mustLoad(engine: string, word: string, ...args: string[]): Promise<void> {
    const { exitCode, stderr } = await this.load(engine, word, ...args);
    assert.equal(exitCode, 0, stderr);
  }

  /** How many blobs came with each archive. */
  imports(place = "containerd"): readonly number[] {
    const text = readFileSync(path.join(this.directory(place), "imports"), "utf8");
    return text.trim().split("\n").map(Number);
  }

  podman(): Podman {
    return JSON.parse(readFileSync(path.join(this.directory("podman"), "state.json"), "utf8")) as Podman;
  }

  image(place = "containerd"): { manifest: Manifest; lacking: readonly string[] } | undefined {
    const directory = path.join(this.directory(place), "k8s.io");
    const fileOf = (digest: string) => path.join(directory, "blobs", digest.slice("sha256:".length));
    const read = (file: string) => JSON.parse(readFileSync(file, "utf8")) as unknown;
    const { images } = read(path.join(directory, "state.json")) as Record<
      "images",
      Record<string, { digest: string }>
    >;
    const named = images["docker.io/library/app:latest"];
    if (!named) return undefined;
    const manifest = read(fileOf(named.digest)) as Manifest;
    const blobs = [manifest.config, ...manifest.layers].map(({ digest }) => digest);
    return { manifest, lacking: blobs.filter((digest) => !existsSync(fileOf(digest))) };
  }
}

interface Podman {
  readonly images: readonly PodmanImage[];
  /** Digests of their blobs. */
  readonly layers: readonly string[];
}

interface PodmanImage {
  readonly names: readonly string[];
}

interface Manifest {
  readonly config: { readonly digest: string };
  readonly layers: readonly { readonly digest: string }[];
}

test("containerd gets the blobs that it lacks", { skip }, async (t) => {
  const engines = await Engines.start(t);
  await engines.mustLoad("containerd", "one");
  await engines.mustLoad("containerd", "two");
  assert.deepEqual(engines.imports(), [4, 3], "manifest and config, and two layers or one");
  assert.deepEqual(engines.image()!.lacking, []);
});

test("each node of a cluster gets the blobs that it lacks", { skip }, async (t) => {
  const engines = await Engines.start(t);
  await engines.mustLoad("kind", "one");
  engines.tell("lost", engines.image("node2")!.manifest.layers[0]!.digest, "node2");
  await engines.mustLoad("kind", "two");
  await engines.mustLoad("kind", "three");
  assert.deepEqual(engines.imports("node1"), [4, 3, 3]);
  assert.deepEqual(engines.imports("node2"), [4, 3, 4, 3]);
});

test("containerd gets the whole image when a blob has gone meanwhile, or no name", { skip }, async (t) => {
  const engines = await Engines.start(t);
  await engines.mustLoad("containerd", "one");
  const lose = () => engines.tell("lost", engines.image()!.manifest.layers[0]!.digest);
  lose();
  await engines.mustLoad("containerd", "two");
  assert.deepEqual(engines.imports(), [4, 3, 4], "named without the blob, for its layer is unpacked");
  assert.deepEqual(engines.image()!.lacking, []);

  lose();
  engines.tell("names-first", "");
  await engines.mustLoad("containerd", "three");
  assert.deepEqual(engines.imports(), [4, 3, 4, 3, 4], "named, and not unpacked");
  assert.deepEqual(engines.image()!.lacking, []);

  lose();
  engines.tell("limit", "3");
  const { exitCode, stderr } = await engines.load("containerd", "four");
  assert.equal(exitCode, 1);
  assert.match(stderr, /Cannot load with ctr -n k8s.io: ctr: no space left/);
  assert.equal(engines.image(), undefined);
});

test("podman gets the layers that it lacks, or all when it does not know one by its blob", {
  skip,
}, async (t) => {
  const engines = await Engines.start(t);
  await engines.mustLoad("podman", "one");
  await engines.mustLoad("podman", "two");
  assert.deepEqual(engines.imports("podman"), [4, 3], "manifest and config, and two layers or one");
  engines.tell("lost", engines.podman().layers[0]!, "podman");
  await engines.mustLoad("podman", "three");
  assert.deepEqual(engines.imports("podman"), [4, 3, 3, 4]);
  const names = engines.podman().images.map((image) => image.names);
  assert.deepEqual(names, [["docker.io/library/app:latest"], [], []]);
});

test("podman gets an image by all of its names", { skip }, async (t) => {
  const engines = await Engines.start(t);
  const names = ["docker.io/library/app:latest", "r.example/app:2"];
  for (const word of ["one", "two"]) {
    await engines.mustLoad("podman", word, "-t", "r.example/app:2");
    assert.deepEqual(engines.podman().images[0]!.names, names);
  }
  assert.deepEqual(engines.podman().images[1]!.names, []);
});
