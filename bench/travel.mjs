// Times how an image of 500 MB travels to and from a registry, slipway side by side with skopeo and docker, and their peak memory.
//
//   npm run bench:travel [-- --runs=N] [--mb=500]       needs docker-registry, skopeo and GNU time
//
// SLIPWAY_BENCH_PEER    a command that runs docker, e.g. `chroot-into-peers`; default: docker from PATH, left out where it does not answer
//
// Each run has an empty registry and an image of new random layers, so that nobody has any of it. Blobs are compressed before; docker
// forgets the image before it pulls it. Docker's push compresses,
// and its pull unpacks, which the others leave for later: "pull, unpacked" is slipway's with the first command run in the image.
// Times are wall seconds, the best of N runs; memory is that of the command, for docker the client's only.
import { spawn, spawnSync } from "node:child_process";
import { createCipheriv, randomBytes } from "node:crypto";
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readArguments } from "../scripts/arguments.mjs";

const { runs = 3, mb: megabytes = 500 } = readArguments(import.meta.filename, {
  runs: "number",
  mb: "number",
}).options;
const layers = 5;

const dir = mkdtempSync(path.join(tmpdir(), "slipway-travel-"));
const cli = path.resolve("bin/slipway");
const peer = process.env.SLIPWAY_BENCH_PEER?.split(" ") ?? [];
const docker = [...peer, "docker"];
const env = { ...process.env, SLIPWAY_ROOT: path.join(dir, "store") };
const port = await freePort();
const host = `127.0.0.1:${port}`;
let registry;
process.on("exit", () => {
  registry?.kill("SIGKILL");
  rmSync(dir, { recursive: true, force: true });
});
process.on("SIGINT", () => process.exit(130));

const hasDocker = spawnSync(docker[0], [...docker.slice(1), "info"]).status === 0;
if (!hasDocker) console.error("docker does not answer here: left out");
const archive = path.join(dir, "image.tar");

const best = new Map();
for (let run = 0; run < runs; run++) {
  await restartRegistry(run);
  makeImage();
  must([cli, "save", "--format=oci", "-o", archive, "travel"]);
  const name = (tool) => `${host}/${tool}/travel:${run}-${randomBytes(4).toString("hex")}`;
  const [ours, skopeos, dockers] = ["slipway", "skopeo", "docker"].map(name);
  must([cli, "tag", "travel", ours]);
  note("push", "slipway", [cli, "push", "-q", ours]);
  note("push", "skopeo", [
    "skopeo",
    "copy",
    "-q",
    "--dest-tls-verify=false",
    `oci-archive:${archive}`,
    `docker://${skopeos}`,
  ]);
  const fresh = path.join(dir, `fresh-${run}`);
  note("pull", "slipway", [cli, "--root", fresh, "pull", "-q", ours]);
  note("pull, unpacked", "slipway", [cli, "--root", fresh, "run", "--rm", ours, "/true"]);
  note("pull", "skopeo", [
    "skopeo",
    "copy",
    "-q",
    "--src-tls-verify=false",
    `docker://${skopeos}`,
    `oci:${path.join(dir, `oci-${run}`)}:x`,
  ]);
  rmSync(fresh, { recursive: true, force: true });
  rmSync(path.join(dir, `oci-${run}`), { recursive: true });
  rmSync(archive);
  if (!hasDocker) continue;
  const forDocker = path.join(dir, "docker.tar");
  must([cli, "save", "-o", forDocker, "travel"]);
  must([...docker, "load", "-i", forDocker]);
  rmSync(forDocker);
  must([...docker, "tag", "travel:latest", dockers]);
  note("push", "docker", [...docker, "push", "-q", dockers]);
  must([...docker, "rmi", "-f", dockers, "travel:latest"]);
  note("pull", "docker", [...docker, "pull", "-q", dockers]);
  must([...docker, "rmi", "-f", dockers]);
}
console.log(`${layers} layers, ${megabytes} MB, best of ${runs}.\n`);
console.log("| work | slipway | skopeo | docker |\n| --- | ---: | ---: | ---: |");
for (const work of ["push", "pull", "pull, unpacked"]) {
  const cells = ["slipway", "skopeo", "docker"].map((tool) => {
    const found = best.get(`${work} ${tool}`);
    return found ? `${found.seconds.toFixed(2)} s, ${Math.round(found.kilobytes / 1000)} MB` : "";
  });
  console.log(`| ${work} | ${cells.join(" | ")} |`);
}
process.exit(0);

/** Layers of files that compress to two thirds, like programs; and a static program to run. */
function makeImage() {
  const context = path.join(dir, "context");
  rmSync(context, { recursive: true, force: true });
  mkdirSync(context);
  const lines = ["FROM scratch", "COPY true /true"];
  writeFileSync(path.join(context, "true"), readFileSync("/bin/busybox"), { mode: 0o755 });
  for (let layer = 0; layer < layers; layer++) {
    const files = path.join(context, `layer${layer}`);
    mkdirSync(files);
    for (let number = 0; number < 10; number++)
      fillFile(path.join(files, `f${number}`), (megabytes * 1e6) / layers / 10);
    lines.push(`COPY layer${layer} /layer${layer}`);
  }
  writeFileSync(path.join(context, "Dockerfile"), `${lines.join("\n")}\n`);
  must([cli, "build", "-q", "-t", "travel", context]);
}

function fillFile(file, sizeBytes) {
  const cipher = createCipheriv("aes-128-ctr", randomBytes(16), randomBytes(16));
  const zeros = Buffer.alloc(20_000);
  const fd = openSync(file, "w");
  for (let written = 0; written < sizeBytes; written += 60_000) {
    writeSync(fd, Buffer.concat([cipher.update(Buffer.alloc(40_000)), zeros]));
  }
  closeSync(fd);
}

function note(work, tool, command) {
  const measured = path.join(dir, "memory");
  const startedAt = performance.now();
  must(["/usr/bin/time", "-f", "%M", "-o", measured, ...command]);
  const seconds = (performance.now() - startedAt) / 1000;
  const kilobytes = Number(readFileSync(measured, "utf8"));
  const known = best.get(`${work} ${tool}`);
  if (!known || seconds < known.seconds) best.set(`${work} ${tool}`, { seconds, kilobytes });
}

function must([file, ...args]) {
  const { status, stderr, error } = spawnSync(file, args, { env, stdio: ["ignore", "ignore", "pipe"] });
  if (error) throw error;
  if (status !== 0) throw new Error(`${file} ${args.join(" ")} exited with ${status}:\n${stderr}`);
}

/** Empty, so that no blob is there already or can be taken from another repository. */
async function restartRegistry(run) {
  registry?.kill("SIGKILL");
  const config = path.join(dir, "registry.yml");
  const storage = { filesystem: { rootdirectory: path.join(dir, `registry-${run}`) } };
  writeFileSync(
    config,
    JSON.stringify({ version: 0.1, log: { level: "error" }, storage, http: { addr: host } }),
  );
  await sleep(500);
  registry = spawn("docker-registry", ["serve", config], { stdio: "ignore" });
  await sleep(1000);
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port: free } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return free;
}
