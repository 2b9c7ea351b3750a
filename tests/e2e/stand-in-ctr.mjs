// Stands in for containerd behind `ctr`. As containerd it takes an archive that lacks blobs, names an image without a look at the blobs
// of layers that are unpacked, and removes blobs that no named image needs.
// Usage: node stand-in-ctr.mjs DIRECTORY -n NAMESPACE COMMAND…
// In the directory: `imports`, how many blobs came with each; `lost`, a blob that is removed before the next import; `names-first`, to
// name images before they are unpacked, as some versions do, with nothing unpacked yet; `limit`, how many blobs an import may bring.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";

const [root, , namespace, group, verb, ...args] = process.argv.slice(2);
const blobs = path.join(root, namespace, "blobs");
const stateFile = path.join(root, namespace, "state.json");
mkdirSync(blobs, { recursive: true });
const state = JSON.parse(read(stateFile) ?? '{ "images": {}, "unpacked": [] }');

const commands = {
  "images ls": listImages,
  "images import": () => change(importImages),
  "images tag": () => change(tagImage),
  "images rm": () => change(() => args.forEach((name) => delete state.images[name])),
  "content ls": listBlobs,
};
commands[`${group} ${verb}`]();

function listImages() {
  for (const [name, { mediaType, digest }] of Object.entries(state.images)) {
    if (args.includes(`target.digest==${digest}`)) console.log(`${name} ${mediaType} ${digest} 1 MiB - -`);
  }
}

function listBlobs() {
  const digests = readdirSync(blobs).map((hex) => `sha256:${hex}`);
  for (const digest of digests) if (args.includes(`digest==${digest}`)) console.log(digest);
}

function tagImage() {
  const [, source, ...names] = args;
  for (const name of names) state.images[name] = state.images[source];
}

function change(action) {
  const lost = read(path.join(root, "lost"));
  if (lost) rmSync(fileOf(lost));
  if (existsSync(path.join(root, "names-first"))) state.unpacked = [];
  rmSync(path.join(root, "lost"), { force: true });
  try {
    action();
    collect();
  } catch (error) {
    console.error(`ctr: ${error.message}`);
    process.exitCode = 1;
  }
  writeFileSync(stateFile, JSON.stringify(state));
}

function importImages() {
  const archive = mkdtempSync(path.join(root, "archive-"));
  execFileSync("tar", ["-x", "-C", archive], { stdio: "inherit" });
  const came = readdirSync(path.join(archive, "blobs/sha256"));
  writeFileSync(path.join(root, "imports"), `${came.length}\n`, { flag: "a" });
  if (came.length > Number(read(path.join(root, "limit")) ?? Infinity)) throw new Error("no space left");
  for (const hex of came) takeBlob(path.join(archive, "blobs/sha256", hex), hex);
  for (const manifest of JSON.parse(read(path.join(archive, "index.json"))).manifests) {
    const name = manifest.annotations["io.containerd.image.name"];
    if (existsSync(path.join(root, "names-first"))) state.images[name] = manifest;
    unpack(manifest);
    state.images[name] = manifest;
  }
}

function takeBlob(file, hex) {
  const digest = createHash("sha256").update(readFileSync(file)).digest("hex");
  if (digest !== hex) throw new Error(`unexpected digest ${digest} of ${hex}`);
  renameSync(file, path.join(blobs, hex));
}

function unpack({ digest }) {
  const { config, layers } = document(digest);
  const diffIDs = document(config.digest).rootfs.diff_ids;
  for (const [index, layer] of layers.entries()) {
    const chain = diffIDs.slice(0, index + 1).join();
    if (state.unpacked.includes(chain)) continue;
    if (!existsSync(fileOf(layer.digest))) throw new Error(`content digest ${layer.digest}: not found`);
    state.unpacked.push(chain);
  }
}

/** Removes what no named image needs. */
function collect() {
  const needed = Object.values(state.images).flatMap(({ digest }) => {
    const { config, layers } = document(digest);
    return [digest, config.digest, ...layers.map((layer) => layer.digest)];
  });
  for (const hex of readdirSync(blobs)) if (!needed.includes(`sha256:${hex}`)) rmSync(path.join(blobs, hex));
}

function document(digest) {
  return JSON.parse(read(fileOf(digest)));
}

function fileOf(digest) {
  return path.join(blobs, digest.slice("sha256:".length));
}

function read(file) {
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}
