// Bundles into dist/: the CLI and the worker as one file each, with a starter (src/start.ts) that compiles what is used of it and
// keeps the compiled code, and the library, split so that a program loads only what it uses.
import { createHash } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { build, transform } from "esbuild";

const common = {
  bundle: true,
  platform: "node",
  target: "node20.19",
  external: ["koffi"],
  legalComments: "linked",
  logLevel: "warning",
};

/** `import path from "node:path"` as one `require`: esbuild would copy the module's members at each place that imports it, and
 * that loads a module that is only to be loaded when something of it is used. */
const wholeBuiltins = {
  name: "whole-builtins",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:path$/ }, ({ path: id, kind }) =>
      kind === "import-statement" ? { path: id, namespace: "builtin" } : undefined,
    );
    onLoad({ filter: /./, namespace: "builtin" }, ({ path: id }) => ({
      contents: `const path = require("${id}"); export default path; export const { posix } = path;`,
    }));
  },
};

/** Modules that every build loads, as does the worker: they and what they import stand first in the bundle, which is read as far as that. */
const early = [
  "src/cli/main.ts",
  "src/cli/run-cli.ts",
  "src/cli/commands/build.ts",
  "src/cli/run-build.ts",
  "src/build/index.ts",
  "src/worker/main.ts",
];

await rm("dist", { recursive: true, force: true });
await mkdir("dist");
await Promise.all([program("cli", "src/cli/main.ts"), program("worker", "src/worker/main.ts"), library()]);

/** One file of the parts that esbuild splits a program into, at the imports that are made when something is used; each is a function
 * that `src/start.ts` compiles when it is first needed. */
async function program(name, entryPoint) {
  const { outputFiles, metafile } = await build({
    ...common,
    entryPoints: { [name]: entryPoint },
    outdir: "dist",
    format: "esm",
    splitting: true,
    chunkNames: "[name]-[hash]",
    plugins: [wholeBuiltins],
    define: { "import.meta.url": "module.url" },
    write: false,
    metafile: true,
  });
  const isCode = ({ path: file }) => file.endsWith(".js");
  const parts = await Promise.all(outputFiles.filter(isCode).map(toPart));
  const earlyIds = earlyParts(metafile.outputs);
  const isEarly = ({ id }) => earlyIds.has(id);
  const { code, places } = join([...parts.filter(isEarly), ...parts.filter((part) => !isEarly(part))]);
  const notAscii = /[^\0-\x7f]/.exec(code); // only regular expressions keep it; places are bytes
  if (notAscii) throw new Error(`write as \\u....: ${code.slice(notAscii.index - 40, notAscii.index + 20)}`);
  const earlyBytes = Math.max(...[...earlyIds].map((id) => places[id][1]));
  const bundle = `${name}-${hash(code)}.cjs`;
  await writeFile(path.join("dist", bundle), code);
  const legal = outputFiles.filter((file) => !isCode(file)).map(({ text }) => text);
  await writeFile(path.join("dist", `${bundle}.LEGAL.txt`), legal.join("\n"));
  const filledIn = { BUNDLE: bundle, ENTRY: `./${name}.js`, PARTS: places, EARLY_BYTES: earlyBytes };
  await build({
    ...common,
    entryPoints: { [name]: "src/start.ts" },
    outdir: "dist",
    outExtension: { ".js": ".cjs" },
    format: "cjs",
    define: Object.fromEntries(Object.entries(filledIn).map(([key, value]) => [key, JSON.stringify(value)])),
  });
}

/** @returns ids of the parts that the early modules need */
function earlyParts(outputs) {
  const found = new Set(Object.keys(outputs).filter((file) => early.includes(outputs[file].entryPoint)));
  for (const file of found) {
    for (const { path: imported, kind, external } of outputs[file].imports) {
      if (kind === "import-statement" && !external) found.add(imported);
    }
  }
  return new Set([...found].map((file) => idOf(file)));
}

function idOf(file) {
  return `./${path.basename(file)}`;
}

async function toPart({ path: file, text }) {
  const { code } = await transform(text, {
    format: "cjs",
    platform: "node",
    target: common.target,
    minifyWhitespace: true,
    minifySyntax: true,
    // V8 would ask for a module loader that a script does not have.
    supported: { "dynamic-import": false },
  });
  return {
    id: idOf(file),
    text: `(function(exports,require,module){${withoutCopies(code)}})\n`,
  };
}

/** The parts one after the other, and where each is: its first byte (the code is ASCII), its end, lines before it. */
function join(parts) {
  const places = {};
  let code = "";
  for (const { id, text } of parts) {
    places[id] = [code.length, code.length + text.length, code.split("\n").length - 1];
    code += text;
  }
  return { code, places };
}

/** Parts know each other's exports as they are: what esbuild does for CommonJS modules of others would copy each of them twice. */
function withoutCopies(code) {
  return code
    .replace(/module\.exports=__toCommonJS\((\w+)\)/, "module.exports=$1")
    .replaceAll(/__toESM\(require\(("\.\/[^"]+")\)\)/g, "require($1)");
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
