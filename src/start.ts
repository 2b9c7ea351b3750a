import { hash } from "node:crypto";
import {
  accessSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import path from "node:path";
import { Script } from "node:vm";

// Starts a bundle of this directory: a file of many parts, each of which is read and compiled when it is first used, with the code
// that V8 made of it when it last ran: compiling anew takes longer than a build where nothing changed. What is kept belongs to one
// bundle (its name holds its hash), one Node and one command, and comes only from starts without flags, which V8 would tell apart.
// Where the directory cannot be written, nothing is kept.
//
// A run that takes long forgets the code of its start (V8 drops what was not used lately), so what it leaves of a part is replaced by
// the next short run. Runs differ in what they use of a part: the first few of them add theirs, and then ever fewer, since that takes
// longer than a start. What a run does not use stays as it is. Whoever can write the file decides what this program does: it is used only
// if nobody but its owner can.

/** File name of the bundle; `scripts/build.mjs` fills these in. */
declare const BUNDLE: string;
/** Name of the part that is run first. */
declare const ENTRY: string;
/** Where parts are in the bundle, by name. */
declare const PARTS: Readonly<Record<string, readonly [start: number, end: number, line: number]>>;
/** Where those end that most runs use. */
declare const EARLY_BYTES: number;

const file = path.join(__dirname, BUNDLE);
const isOrdinary = process.execArgv.length === 0 && !process.env["NODE_OPTIONS"];
const compiledFile = path.join(
  __dirname,
  "compiled",
  [process.version, process.arch, command(), BUNDLE].join("-"),
);

const SHORT_RUN_MS = 2000;

/** Commands use different parts of a bundle; whatever else is started shares one name. */
function command(): string {
  return /^[a-z]{1,20}$/.exec(process.argv[2] ?? "")?.[0] ?? "_";
}

// ---- parts

interface Module {
  exports: unknown;
  /** What `import.meta.url` becomes in a bundle. */
  readonly url: string;
}

const modules = new Map<string, Module>();
/** Of the parts that this run used. */
const scripts = new Map<string, { readonly script: Script; readonly isKnown: boolean }>();
/** The bundle is ASCII: one byte for each character, here and in V8, and parts share them. Read in two pieces, of which most runs need the first:
 * a read for each part would take longer. */
const bundle = openSync(file, "r");
const early = readAt(bundle, 0, EARLY_BYTES).toString("latin1");
let late: string | undefined;

function textOf(start: number, end: number): string {
  if (end <= EARLY_BYTES) return early.slice(start, end);
  late ??= readAt(bundle, EARLY_BYTES, fstatSync(bundle).size - EARLY_BYTES).toString("latin1");
  return late.slice(start - EARLY_BYTES, end - EARLY_BYTES);
}

function requirePart(id: string): unknown {
  const known = modules.get(id);
  if (known) return known.exports;
  const place = PARTS[id];
  if (!place) return lazyRequire(id);
  const module: Module = {
    exports: {},
    get url() {
      return (require("node:url") as typeof import("node:url")).pathToFileURL(file).href;
    },
  };
  modules.set(id, module);
  compile(id, place)(module.exports, requirePart, module);
  return module.exports;
}

type Part = (exports: unknown, require: (id: string) => unknown, module: Module) => void;

function compile(id: string, [start, end, lineOffset]: (typeof PARTS)[string]): Part {
  const kept = compiled?.parts[id];
  const cachedData = kept && readKept(kept);
  const script = new Script(textOf(start, end), {
    filename: file,
    lineOffset,
    ...(cachedData && { cachedData }),
  });
  const isKnown = cachedData !== undefined && script.cachedDataRejected === false;
  scripts.set(id, { script, isKnown });
  return script.runInThisContext() as Part;
}

// ---- compiled code

/** The compiled code of a part, in the file that keeps it. */
interface Kept {
  /** From the end of the index. */
  readonly startByte: number;
  readonly lengthBytes: number;
  readonly digest: string;
}

interface Compiled {
  readonly fd: number;
  /** Where the counts begin. */
  readonly countsByte: number;
  /** Where the code of parts begins. */
  readonly bodyByte: number;
  readonly parts: Readonly<Record<string, Kept>>;
  /** Of each part, how many short runs used it since it is kept; 0 when a long run left it. */
  readonly shortRuns: ReadonlyMap<string, number>;
}

const DIGEST_CHARS = 64;
const LENGTH_CHARS = 10;
const HEAD_BYTES = DIGEST_CHARS + LENGTH_CHARS;
const MOST_INDEX_BYTES = 1 << 20;

const compiled = isOrdinary ? readCompiled() : undefined;

/** The file: a digest of the index, the index's length, the index, a byte for each part that counts its runs, the code of parts. V8
 * believes what it is given, and a damaged file would end the process: hence digests, which say nothing of who wrote the file. Only
 * counts are ever changed in place. */
function readCompiled(): Compiled | undefined {
  try {
    if (isWritableByOthers(path.dirname(compiledFile)) || isWritableByOthers(compiledFile)) return undefined;
    const fd = openToCount(compiledFile);
    const head = readAt(fd, 0, HEAD_BYTES).toString("latin1");
    const indexBytes = Math.min(Number(head.slice(DIGEST_CHARS)), MOST_INDEX_BYTES);
    const index = readAt(fd, HEAD_BYTES, indexBytes);
    if (digestOf(index) !== head.slice(0, DIGEST_CHARS)) return undefined;
    const parts = JSON.parse(index.toString("latin1")) as Compiled["parts"];
    const ids = Object.keys(parts);
    const countsByte = HEAD_BYTES + indexBytes;
    const counts = readAt(fd, countsByte, ids.length);
    const shortRuns = new Map(ids.map((id, number) => [id, counts[number]!]));
    return { fd, countsByte, bodyByte: countsByte + ids.length, parts, shortRuns };
  } catch {
    return undefined;
  }
}

function openToCount(name: string): number {
  try {
    return openSync(name, "r+");
  } catch {
    return openSync(name, "r"); // others than its owner do not count
  }
}

/** @throws {Error} the file ends before */
function readAt(fd: number, startByte: number, lengthBytes: number): Buffer {
  const bytes = Buffer.allocUnsafeSlow(lengthBytes);
  if (readSync(fd, bytes, 0, lengthBytes, startByte) === lengthBytes) return bytes;
  throw new Error("the file is not whole");
}

function readKept({ startByte, lengthBytes, digest }: Kept): Buffer | undefined {
  try {
    const bytes = readAt(compiled!.fd, compiled!.bodyByte + startByte, lengthBytes);
    return digestOf(bytes) === digest ? bytes : undefined;
  } catch {
    return undefined;
  }
}

function digestOf(bytes: Uint8Array): string {
  return hash("sha256", bytes);
}

/** Or belongs to somebody else than the bundle, this user or root. */
function isWritableByOthers(name: string): boolean {
  const { mode, uid } = lstatSync(name);
  return (mode & 0o022) !== 0 || ![0, process.getuid?.(), lstatSync(file).uid].includes(uid);
}

/** Keeps what a run that ended well compiled, or added to. */
function keepCompiled(): void {
  const isShort = process.uptime() * 1000 < SHORT_RUN_MS; // performance is a module of its own
  const shortRuns = new Map(compiled?.shortRuns);
  for (const [id, { isKnown }] of scripts) {
    const before = (isKnown && shortRuns.get(id)) || 0;
    shortRuns.set(id, isShort ? Math.min(before + 1, COUNTED_RUNS) : before);
  }
  const made = [...scripts].filter(([id, { isKnown }]) => !isKnown || (isShort && isDue(shortRuns.get(id)!)));
  if (made.length > 0) writeCompiled(toFile(made, shortRuns));
  else if (isShort) count(shortRuns);
}

const COUNTED_RUNS = 255;

/** Is what the part's run with this number compiled to be kept? */
function isDue(shortRuns: number): boolean {
  return shortRuns <= 4 || (shortRuns < COUNTED_RUNS && Number.isInteger(Math.log2(shortRuns)));
}

function count(shortRuns: ReadonlyMap<string, number>): void {
  const { fd, countsByte, parts, shortRuns: before } = compiled!;
  const ids = Object.keys(parts);
  if (ids.every((id) => shortRuns.get(id) === before.get(id))) return;
  try {
    writeSync(fd, Buffer.from(ids.map((id) => shortRuns.get(id)!)), 0, ids.length, countsByte);
  } catch {
    // it is another user's
  }
}

/** @param made what this run used and is to be kept */
function toFile(
  made: readonly (readonly [id: string, { readonly script: Script }])[],
  shortRuns: ReadonlyMap<string, number>,
): Buffer {
  const codes = new Map<string, Buffer>();
  for (const [id, kept] of Object.entries(compiled?.parts ?? {})) {
    const code = readKept(kept);
    if (code) codes.set(id, code);
  }
  for (const [id, { script }] of made) codes.set(id, script.createCachedData());
  const parts: Record<string, Kept> = {};
  let startByte = 0;
  for (const [id, code] of codes) {
    parts[id] = { startByte, lengthBytes: code.length, digest: digestOf(code) };
    startByte += code.length;
  }
  const index = Buffer.from(JSON.stringify(parts));
  const head = digestOf(index) + String(index.length).padStart(LENGTH_CHARS, "0");
  const counts = Buffer.from([...codes.keys()].map((id) => shortRuns.get(id)!));
  return Buffer.concat([Buffer.from(head), index, counts, ...codes.values()]);
}

/** Whole or not at all. The worker has no umask: the modes are given. */
function writeCompiled(bytes: Buffer): void {
  const temporary = `${compiledFile}.${process.pid}-${Date.now()}`;
  try {
    accessSync(__dirname, constants.W_OK);
    mkdirSync(path.dirname(compiledFile), { recursive: true, mode: 0o755 });
    writeFileSync(temporary, bytes, { flag: "wx", mode: 0o644, flush: true });
    renameSync(temporary, compiledFile);
  } catch {
    rmSync(temporary, { force: true });
  }
}

// ---- built-in modules

/** Those that most commands never use, and that take up to 5 ms to load. */
function isHeavy(id: string): boolean {
  return !["fs", "path", "crypto", "events", "process", "buffer"].includes(id.replace(/^node:/, ""));
}

type Namespace = Record<string | symbol, unknown>;

/** `require` for what is no part: a heavy built-in module is loaded when something of it is first used. */
function lazyRequire(id: string): unknown {
  if (!id.startsWith("node:") || !isHeavy(id)) return require(id);
  let loaded: Namespace | undefined;
  const load = () => (loaded ??= require(id) as Namespace);
  return new Proxy<Namespace>(
    {},
    {
      get: (_, key) => load()[key],
      has: (_, key) => key in load(),
      ownKeys: () => Reflect.ownKeys(load()),
      getOwnPropertyDescriptor: (_, key) => ({ value: load()[key], enumerable: true, configurable: true }),
    },
  );
}

if (isOrdinary) {
  process.once("exit", (code) => {
    if (code === 0) keepCompiled();
  });
}
requirePart(ENTRY);
