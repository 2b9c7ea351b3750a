import { hash } from "node:crypto";
import {
  accessSync,
  constants,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { Script } from "node:vm";

// Starts a bundle of this directory with the code that V8 compiled when it last ran: compiling anew takes longer than a build
// where nothing changed. What is kept belongs to one bundle (its name holds its hash), one Node and one command, and comes
// only from starts without flags, which V8 would tell apart. Where the directory cannot be written, nothing is kept.
//
// A run that takes long forgets the code of its start (V8 drops what was not used lately), so what it leaves is replaced by the next
// short run; and the first one uses other functions than those after it, so the next few add theirs. Whoever can write the file decides what this program does: it is used only if nobody but its owner can.

/** File name of the bundle; `scripts/build.mjs` fills it in. */
declare const BUNDLE: string;

const file = path.join(__dirname, BUNDLE);
const isOrdinary = process.execArgv.length === 0 && !process.env["NODE_OPTIONS"];
const compiledFile = path.join(
  __dirname,
  "compiled",
  [process.version, process.arch, command(), BUNDLE].join("-"),
);

function start(): void {
  const kept = isOrdinary ? readCompiled() : undefined;
  const cachedData = kept?.compiled;
  // The bundle is ASCII: one byte for each character, here and in V8.
  const source = `(function (exports, require, module, __filename, __dirname) {${readFileSync(file, "latin1")}\n});`;
  const script = new Script(source, { filename: file, ...(cachedData && { cachedData }) });
  const isKnown = cachedData !== undefined && script.cachedDataRejected === false;
  const shortRuns = isKnown ? (kept?.shortRuns ?? 0) : 0;
  if (isOrdinary && shortRuns < ENOUGH_RUNS) {
    process.once("exit", (code) => {
      const isShort = performance.now() < SHORT_RUN_MS;
      if (code === 0 && (isShort || !isKnown)) keepCompiled(script, isShort ? shortRuns + 1 : 0);
    });
  }
  const bundle = { exports: {} };
  script.runInThisContext()(bundle.exports, lazyRequire, bundle, file, __dirname);
}

const SHORT_RUN_MS = 2000;
const ENOUGH_RUNS = 3;

/** Commands use different parts of a bundle; whatever else is started shares one name. */
function command(): string {
  return /^[a-z]{1,20}$/.exec(process.argv[2] ?? "")?.[0] ?? "_";
}

interface Kept {
  readonly compiled: Buffer;
  /** How many short runs it has the code of. */
  readonly shortRuns: number;
}

/** V8 believes what it is given, and a damaged file would end the process: a digest stands in front. It says nothing of who wrote the
 * file. */
function readCompiled(): Kept | undefined {
  try {
    if (isWritableByOthers(path.dirname(compiledFile)) || isWritableByOthers(compiledFile)) return undefined;
    const bytes = readFileSync(compiledFile);
    const body = bytes.subarray(DIGEST_BYTES);
    if (!digest(body).equals(bytes.subarray(0, DIGEST_BYTES))) return undefined;
    return { compiled: body.subarray(1), shortRuns: body[0]! };
  } catch {
    return undefined;
  }
}

const DIGEST_BYTES = 32;

function digest(bytes: Buffer): Buffer {
  return hash("sha256", bytes, "buffer");
}

/** Or belongs to somebody else than the bundle, this user or root. */
function isWritableByOthers(name: string): boolean {
  const { mode, uid } = lstatSync(name);
  return (mode & 0o022) !== 0 || ![0, process.getuid?.(), lstatSync(file).uid].includes(uid);
}

/** Whole or not at all. The worker has no umask: the modes are given. */
function keepCompiled(script: Script, shortRuns: number): void {
  const temporary = `${compiledFile}.${process.pid}-${Date.now()}`;
  try {
    accessSync(__dirname, constants.W_OK);
    mkdirSync(path.dirname(compiledFile), { recursive: true, mode: 0o755 });
    const body = Buffer.concat([Buffer.of(shortRuns), script.createCachedData()]);
    writeFileSync(temporary, Buffer.concat([digest(body), body]), { flag: "wx", mode: 0o644, flush: true });
    renameSync(temporary, compiledFile);
  } catch {
    rmSync(temporary, { force: true });
  }
}

/** Built-in modules that most commands never use, and that take up to 5 ms to load. */
function isHeavy(id: string): boolean {
  return !["fs", "path", "crypto", "events", "process", "buffer"].includes(id.replace(/^node:/, ""));
}

type Namespace = Record<string | symbol, unknown>;

/** `require` for the bundle: a heavy built-in module is loaded when something of it is first used. */
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

start();
