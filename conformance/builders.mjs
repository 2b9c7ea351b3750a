import { spawn } from "node:child_process";
import path from "node:path";

/** The builders of a conformance run: each builds a context and leaves a docker archive. */
export function slipway(dir) {
  const cli = path.resolve("bin/slipway");
  const env = { ...process.env, SLIPWAY_ROOT: path.join(dir, "store"), NO_COLOR: "1" };
  const call = (...args) => run(process.execPath, [cli, ...args], { env });
  return {
    importBase: async (tar) => must(await call("import", tar, "base")),
    image: async (name, flags, context) => must(await call("build", ...flags, "-t", name, context)),
    build: (_name, flags, context, { archive, rootfs }) =>
      call(
        "build",
        "--progress=plain",
        ...flags,
        `--output=type=docker,dest=${archive}`,
        `--output=type=tar,dest=${rootfs}`,
        context,
      ),
  };
}

export function docker() {
  const [file, ...before] = [...(process.env.SLIPWAY_BENCH_PEER?.split(" ") ?? []), "docker"];
  const call = (...args) => run(file, [...before, ...args], {});
  return {
    answers: async () => (await call("info")).status === 0,
    importBase: async (tar) => must(await call("import", tar, "base")),
    image: async (name, flags, context) =>
      must(await call("build", "--network=host", ...flags, "-t", name, context)),
    build: async (name, flags, context, { archive }) => {
      const image = `slipway-case-${name}`;
      const built = await call("build", "--progress=plain", "--network=host", "-t", image, ...flags, context);
      if (built.status !== 0) return built;
      must(await call("save", "-o", archive, image));
      must(await call("rmi", "-f", image));
      return built;
    },
  };
}

function run(file, args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { ...options, stdio: ["ignore", "pipe", "pipe"], timeout: 120_000 });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text) => (output += text));
    child.stderr.setEncoding("utf8").on("data", (text) => (output += text));
    child.on("error", reject).on("close", (status) => resolve({ status, output }));
  });
}

function must(result) {
  if (result.status !== 0) throw new Error(result.output);
}
