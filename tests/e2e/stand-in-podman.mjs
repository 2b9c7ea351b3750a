// Stands in for podman. As podman it reads of an archive only the layers that it lacks, which it knows by the digests of their blobs,
// and takes one with several names for docker's, whose names without a registry are localhost's.
// Usage: node stand-in-podman.mjs DIRECTORY COMMAND…
// In the directory: `imports`, how many blobs came with each archive; `lost`, a blob whose layer is forgotten before the next load.
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";

const [root, command, ...args] = process.argv.slice(2);
mkdirSync(root, { recursive: true });
const stateFile = path.join(root, "state.json");
/** Images, the newest first; digests of the blobs that layers came as. */
const state = JSON.parse(read(stateFile) ?? '{ "images": [], "layers": [] }');

const commands = { images: listImages, image: inspectImages, tag: tagImage, load: loadImage };
try {
  commands[command]();
  writeFileSync(stateFile, JSON.stringify(state));
} catch (error) {
  console.error(`Error: ${error.message}`);
  process.exitCode = 125;
}

function listImages() {
  for (const { id } of state.images) console.log(`sha256:${id}`);
}

function inspectImages() {
  const [, , format, ...ids] = args;
  for (const { id, names, diffIDs } of ids.map(find)) {
    if (format.includes(".Id")) console.log([id, ...names].join(" "));
    else console.log(diffIDs.join("\n"));
  }
}

function tagImage() {
  const [id, ...names] = args;
  name(find(id), names);
}

function loadImage() {
  const lost = read(path.join(root, "lost"));
  state.layers = state.layers.filter((digest) => digest !== lost);
  rmSync(path.join(root, "lost"), { force: true });
  const archive = mkdtempSync(path.join(root, "archive-"));
  execFileSync("tar", ["-x", "-C", archive], { stdio: "inherit" });
  const came = readdirSync(path.join(archive, "blobs/sha256"));
  writeFileSync(path.join(root, "imports"), `${came.length}\n`, { flag: "a" });
  const document = (file) => JSON.parse(read(path.join(archive, file)));
  const blob = ({ digest }) => document(`blobs/sha256/${hexOf(digest)}`);
  const { manifests } = document("index.json");
  const { config, layers } = blob(manifests[0]);
  for (const { digest } of layers) {
    if (came.includes(hexOf(digest))) state.layers.push(digest);
    else if (manifests.length > 1 || !state.layers.includes(digest))
      throw new Error(`reading blob ${digest}`);
  }
  const id = hexOf(config.digest);
  const image = { id, names: [], diffIDs: blob(config).rootfs.diff_ids };
  state.images = [image, ...state.images.filter((each) => each.id !== id)];
  const given = manifests.map(({ annotations }) => annotations?.["io.containerd.image.name"]).filter(Boolean);
  const tags = document("manifest.json")[0].RepoTags;
  name(image, given.length > 1 ? tags.map((tag) => `localhost/${tag}`) : given);
}

function name(image, names) {
  for (const each of state.images) each.names = each.names.filter((known) => !names.includes(known));
  image.names.push(...names);
}

function find(id) {
  const image = state.images.find((each) => each.id === hexOf(id));
  if (!image) throw new Error(`${id}: image not known`);
  return image;
}

function hexOf(digest) {
  return digest.replace("sha256:", "");
}

function read(file) {
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}
