import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

/** Ours: a store in `dir`, made anew for every cold build with the base images unpacked. */
export function slipway(dir) {
  const root = path.join(dir, "store");
  const env = { ...process.env, SLIPWAY_ROOT: root };
  const mirror = process.env.SLIPWAY_BENCH_MIRROR;
  if (mirror) {
    env.SLIPWAY_CONFIG = path.join(dir, "config.yaml");
    writeFileSync(env.SLIPWAY_CONFIG, `registries:\n  docker.io:\n    mirrors:\n      - ${mirror}\n`);
  }
  const cli = path.resolve("bin/slipway");
  return {
    name: "slipway",
    forget({ baseImages }) {
      rmSync(root, { recursive: true, force: true });
      const warm = path.join(dir, "warm");
      mkdirSync(warm, { recursive: true });
      for (const image of baseImages) {
        writeFileSync(path.join(warm, "Dockerfile"), `FROM ${image}\nWORKDIR /warm\n`);
        mustRun(cli, ["build", "-q", warm], { env });
      }
    },
    build(context, { args = [] }) {
      return timed(cli, ["build", "--progress=plain", "-t", "bench", ...args, context], { env });
    },
  };
}

slipway.time = (file, args) => timed(file, args, {});

/** docker build (BuildKit) and buildah, where they answer. */
export function rivals() {
  const prefix = process.env.SLIPWAY_BENCH_PEER?.split(" ") ?? [];
  const [file, ...before] = [...prefix, ""];
  const command = (program) =>
    prefix.length > 0 ? [file, [...before.filter(Boolean), program]] : [program, []];
  return [docker(...command("docker")), buildah(...command("buildah"))].filter((rival) => {
    if (rival.answers()) return true;
    console.error(`${rival.name} does not answer here: left out`);
    return false;
  });
}

function docker(file, before) {
  return {
    name: "docker",
    answers: () => spawnSync(file, [...before, "info"]).status === 0,
    forget({ baseImages }) {
      mustRun(file, [...before, "builder", "prune", "-af"]);
      for (const image of baseImages) mustRun(file, [...before, "pull", "-q", image]);
    },
    build(context, { args = [] }) {
      return timed(file, [
        ...before,
        "build",
        "--network=host",
        "--progress=plain",
        "-t",
        "bench",
        ...args,
        context,
      ]);
    },
  };
}

function buildah(file, before) {
  return {
    name: "buildah",
    answers: () => spawnSync(file, [...before, "version"]).status === 0,
    forget({ baseImages }) {
      spawnSync(file, [...before, "rmi", "-af"]);
      for (const image of baseImages) mustRun(file, [...before, "pull", "-q", image]);
    },
    build(context, { args = [] }) {
      return timed(file, [...before, "build", "--layers", "--network=host", "-t", "bench", ...args, context]);
    },
  };
}

function timed(file, args, options = {}) {
  const startedAt = performance.now();
  mustRun(file, args, options);
  return (performance.now() - startedAt) / 1000;
}

function mustRun(file, args, options = {}) {
  const { status, stderr, error } = spawnSync(file, args, {
    ...options,
    stdio: ["ignore", "ignore", "pipe"],
    maxBuffer: 1 << 28,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${file} ${args.join(" ")} exited with ${status}:\n${stderr}`);
}
