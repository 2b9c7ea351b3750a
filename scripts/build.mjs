// Bundles into dist/: the CLI and the worker as one file each, with a starter (src/start.ts) that keeps their compiled code, and
// the library, split so that a program loads only what it uses.
import { createHash } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { build } from "esbuild";

const common = {
  bundle: true,
  platform: "node",
  target: "node20.19",
  external: ["koffi"],
  legalComments: "linked",
  logLevel: "warning",
};

await rm("dist", { recursive: true, force: true });
await mkdir("dist");
await Promise.all([program("cli", "src/cli/main.ts"), program("worker", "src/worker/main.ts"), library()]);

async function program(name, entryPoint) {
  const { outputFiles } = await build({
    ...common,
    entryPoints: [entryPoint],
    outdir: "dist",
    format: "cjs",
    minifyWhitespace: true,
    minifySyntax: true,
    // V8 would ask for a module loader that a script does not have.
    supported: { "dynamic-import": false },
    define: { "import.meta.url": "__bundleUrl" },
    banner: { js: 'const __bundleUrl=require("node:url").pathToFileURL(__filename).href;' },
    write: false,
  });
  const bundle = `${name}-${hash(outputFiles.find((file) => file.path.endsWith(".js")).contents)}.cjs`;
  for (const { path: file, contents } of outputFiles)
    await writeFile(path.join("dist", file.endsWith(".js") ? bundle : `${bundle}.LEGAL.txt`), contents);
  await build({
    ...common,
    entryPoints: { [name]: "src/start.ts" },
    outdir: "dist",
    outExtension: { ".js": ".cjs" },
    format: "cjs",
    define: { BUNDLE: JSON.stringify(bundle) },
  });
}

function hash(bytes) {
  return createHash("sha256").update(bytes).digest("hex").slice(0, 12);
}

async function library() {
  await build({
    ...common,
    entryPoints: { index: "src/index.ts" },
    outdir: "dist",
    chunkNames: "chunks/[name]-[hash]",
    splitting: true,
    format: "esm",
    // CommonJS dependencies inside an ESM bundle still call require().
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
    },
  });
}
