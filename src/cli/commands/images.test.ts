import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { after, test } from "node:test";
import { newLayerId, openStore, type Store } from "../../content/index.ts";
import { type ImageRecord, ImageStore } from "../../image/index.ts";
import { digestOf, mediaTypes, parseDiffID } from "../../oci/index.ts";
import { runCli } from "../run-cli.ts";

const diffID = parseDiffID(digestOf("tar"));

test("an empty store lists heads only", async () => {
  assert.deepEqual(await slipway(["images"]), {
    code: 0,
    stdout: "REPOSITORY   TAG   IMAGE ID   CREATED   SIZE\n",
    stderr: "",
  });
});

test("images are listed by each name, with Docker's familiar forms and decimal sizes", async () => {
  const { store, images, root } = fixture();
  const id = images.putRecord(built(store));
  images.setName("docker.io/library/app:latest", id);
  images.setName("registry.example.com/team/app:2", id);
  const { stdout } = await slipway(["images"], root);
  const short = id.slice(0, 12);
  assert.equal(
    stdout,
    `REPOSITORY                      TAG      IMAGE ID       CREATED       SIZE
app                             latest   ${short}   2 hours ago   1.5MB
registry.example.com/team/app   2        ${short}   2 hours ago   1.5MB
`,
  );
  assert.equal((await slipway(["images", "-q"], root)).stdout, `${short}\n`);
  const json = await slipway(["images", "--format", "json", "app"], root);
  assert.equal((JSON.parse(json.stdout) as { Repository: string }).Repository, "app");
});

test("an image without name is listed, and a pulled one shows its digest", async () => {
  const { images, root } = fixture();
  images.putRecord(pulled);
  const { stdout } = await slipway(["images", "--digests", "--no-trunc"], root);
  const row = stdout.split("\n")[1]!.split(/ {2,}/);
  assert.deepEqual(row.slice(0, 4), ["<none>", "<none>", digestOf("index"), digestOf("config")]);
});

test("a template for the list of images is refused with what to do instead", async () => {
  assert.deepEqual(await slipway(["images", "--format", "{{.ID}}"]), {
    code: 2,
    stdout: "",
    stderr:
      'ERROR: Cannot show images in the format "{{.ID}}": known are table and json\n' +
      "hint: pipe --format json into jq\n",
  });
});

test("inspect shows Docker's keys and what Slipway knows", async () => {
  const { store, images, root } = fixture();
  const record = built(store);
  images.setName("docker.io/library/app:latest", images.putRecord(record));
  const { stdout } = await slipway(["inspect", "app"], root);
  const [image] = JSON.parse(stdout) as Record<string, unknown>[];
  assert.deepEqual(image!["RepoTags"], ["app:latest"]);
  assert.deepEqual(image!["Config"], { Cmd: ["./main"] });
  assert.deepEqual(image!["RootFS"], { Type: "layers", Layers: [diffID, null] });
  assert.equal(image!["Size"], 1_500_000);
});

test("history pairs entries with layers, newest first", async () => {
  const { store, images, root } = fixture();
  const id = images.putRecord(built(store));
  images.setName("docker.io/library/app:latest", id);
  const { stdout } = await slipway(["history", "app"], root);
  assert.equal(
    stdout,
    `IMAGE          CREATED       CREATED BY                                      SIZE    COMMENT
${id.slice(0, 12)}   2 hours ago   CMD ["./main"]                                  0B      buildkit.dockerfile.v0
<missing>      2 hours ago   RUN /bin/sh -c echo a long command that goes…   500kB   buildkit.dockerfile.v0
<missing>      N/A                                                           1MB     base
`,
  );
});

test("tag gives a name, rmi takes names away and the image with the last one", async () => {
  const { store, images, root } = fixture();
  const id = images.putRecord(built(store));
  images.setName("docker.io/library/app:latest", id);
  assert.deepEqual(await slipway(["tag", "app", "other:1"], root), { code: 0, stdout: "", stderr: "" });
  assert.equal((await slipway(["rmi", "app"], root)).stdout, "Untagged: app:latest\n");
  assert.equal(
    (await slipway(["rmi", "other:1"], root)).stdout,
    `Untagged: other:1\nDeleted: sha256:${id}\n`,
  );
});

test("one image that cannot be removed does not keep the others", async () => {
  const { store, images, root } = fixture();
  images.setName("docker.io/library/app:latest", images.putRecord(built(store)));
  const result = await slipway(["rmi", "nothing", "app"], root);
  assert.equal(result.code, 5);
  assert.equal(result.stderr, "ERROR: No such image: nothing\n");
  assert.match(result.stdout, /^Untagged: app:latest\n/);
  assert.deepEqual(await slipway(["rmi", "-f", "nothing"], root), { code: 0, stdout: "", stderr: "" });
});

test("wrong usage says what is wrong and ends with 2", async () => {
  const table: [string[], RegExp][] = [
    [["imagse"], /^ERROR: Unknown command "imagse", did you mean "images"\?\n/],
    [["images", "--nope"], /^ERROR: Unknown option "--nope"\nhint: see: slipway images --help\n/],
    [["tag", "app"], /^ERROR: Missing required argument "name"\n/],
    [
      ["tag", "app", "UPPER"],
      /^ERROR: invalid reference format: repository name \(library\/UPPER\) must be lowercase\n/,
    ],
  ];
  for (const [args, stderr] of table) {
    const result = await slipway(args);
    assert.equal(result.code, 2, args.join(" "));
    assert.match(result.stderr, stderr);
    assert.equal(result.stdout, "");
  }
});

test("--help of a command shows its options and ends with 0", async () => {
  const { code, stdout } = await slipway(["help", "images"]);
  assert.equal(code, 0);
  assert.match(stdout, /^Usage: slipway images \[OPTIONS\] \[REPOSITORY\[:TAG\]\]\n/);
  assert.match(stdout, /--digests +Show the digest/);
});

const pulled: ImageRecord = {
  config: { architecture: "amd64", os: "linux", config: {}, history: [] },
  layers: [],
  origin: {
    reference: "docker.io/library/alpine:latest",
    digest: digestOf("index"),
    manifest: { mediaType: mediaTypes.ociManifest, digest: digestOf("manifest"), size: 8 },
    config: { mediaType: mediaTypes.ociConfig, digest: digestOf("config"), size: 6 },
  },
};

function built(store: Store): ImageRecord {
  const layer = newLayerId();
  const directory = store.temp.newPath("layer");
  mkdirSync(path.join(directory, "fs"), { recursive: true });
  store.layers.commit(layer, directory, { sizeBytes: 500_000, createdAtMs: 0 });
  const created = new Date(Date.now() - 2 * 3600_000 - 60_000).toISOString();
  const comment = "buildkit.dockerfile.v0";
  const command = "RUN /bin/sh -c echo a long command that goes on # buildkit";
  return {
    config: {
      architecture: "amd64",
      os: "linux",
      created,
      config: { Cmd: ["./main"] },
      history: [
        { comment: "base" },
        { created, created_by: command, comment },
        { created, created_by: 'CMD ["./main"]', comment, empty_layer: true },
      ],
    },
    layers: [
      { kind: "blob", diffID, blob: { mediaType: mediaTypes.ociLayer, digest: digestOf("tar"), size: 1e6 } },
      { kind: "directory", layer, identity: "x" },
    ],
  };
}

function fixture() {
  const root = temporary();
  const store = openStore(root);
  return { root, store, images: new ImageStore(store) };
}

async function slipway(args: readonly string[], root = temporary()) {
  const written = { stdout: "", stderr: "" };
  const code = await runCli(args, {
    stdin: Readable.from([]),
    stdout: { write: (text) => (written.stdout += String(text)) },
    stderr: { write: (text) => (written.stderr += String(text)) },
    env: { SLIPWAY_ROOT: root },
    cwd: root,
    exitCode: 0,
  });
  return { code, ...written };
}

function temporary(): string {
  const root = mkdtempSync(path.join(tmpdir(), "slipway-cli-"));
  after(() => rmSync(root, { recursive: true, force: true }));
  return root;
}
