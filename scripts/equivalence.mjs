// Compiles and runs tests/equivalence, see there.
import { rmSync } from "node:fs";
import path from "node:path";
import { build } from "esbuild";
import { readArguments } from "./arguments.mjs";

readArguments("tests/equivalence/main.ts", { cases: "number", minutes: "number", seed: "number" });
const bundle = path.resolve(`build/equivalence-${process.pid}.mjs`);
process.on("exit", () => rmSync(bundle, { force: true }));
process.on("SIGINT", () => process.exit(130));
await build({
  entryPoints: ["tests/equivalence/main.ts"],
  outfile: bundle,
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20.19",
  external: ["koffi", "fast-check"],
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
  },
  sourcemap: "inline",
  logLevel: "warning",
});
await import(bundle);
