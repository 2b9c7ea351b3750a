import { readFileSync } from "node:fs";
import path from "node:path";
import { mediaTypes } from "../oci/index.ts";
import { isErrno, listIfThere, makeDirectory, writeFileAtomic } from "../util/index.ts";
import { CacheRecords } from "./cache-records.ts";
import { Claims } from "./claims.ts";
import { ContentError, otherStore } from "./content-error.ts";
import { ContentStore } from "./content-store.ts";
import { readJsonFile } from "./json-file.ts";
import { LayerStore } from "./layer-store.ts";
import { SyncMarks } from "./sync-marks.ts";
import { TempDirs } from "./temp-dirs.ts";

/** One directory with everything Slipway keeps. Several processes may use it at once. */
export interface Store {
  /** Absolute. */
  readonly root: string;
  readonly paths: StorePaths;
  readonly content: ContentStore;
  readonly layers: LayerStore;
  readonly cache: CacheRecords;
  readonly temp: TempDirs;
  readonly claims: Claims;
}

/** Absolute paths of ARCHITECTURE.md "The store". */
export interface StorePaths {
  readonly ociLayout: string;
  readonly index: string;
  readonly blobs: string;
  readonly layers: string;
  readonly cache: string;
  readonly imageRecords: string;
  readonly imageNames: string;
  readonly contexts: string;
  readonly mounts: string;
  /** Stories of the last builds; the directory may be absent. */
  readonly builds: string;
  /** What Dockerfiles became, for builds that ask the same; the directory may be absent. */
  readonly plans: string;
  readonly tmp: string;
  /** A file for each lock that a build holds; the directory may be absent. */
  readonly locks: string;
  /** A file whose time is that of the last automatic collection. */
  readonly collected: string;
  /** A file that says what a power cut cannot have damaged; may be absent. */
  readonly synced: string;
  /** Files that services keep; the directory may be absent. */
  readonly volumes: string;
  /** A file for each Compose project that is up; the directory may be absent. */
  readonly compose: string;
}

export interface OpenStoreOptions {
  /** Name of the directory in `tmp/` to use, for a worker whose parent owns it; default: this process's own. */
  readonly owner?: string;
  /** Name of a directory within that, for what can be removed together. */
  readonly part?: string;
}

const layoutVersion = "1.0.0";

/** Opens the store at `root`, creating what is missing; the directory is private to its user. Costs one read when it exists.
 * @throws {ContentError} `STORE_UNUSABLE` when it cannot be created or is of an unknown version */
export function openStore(root: string, options: OpenStoreOptions = {}): Store {
  const absolute = path.resolve(root);
  const paths = storePaths(absolute);
  if (!isInitialised(paths)) initialise(absolute, paths);
  const temp = new TempDirs(paths.tmp, options.owner, options.part);
  const marks = new SyncMarks(paths.synced, paths.layers, temp);
  return {
    root: absolute,
    paths,
    content: new ContentStore(paths.blobs, temp),
    layers: new LayerStore(paths.layers, temp, marks),
    cache: new CacheRecords(paths.cache, temp),
    temp,
    claims: new Claims(paths.locks, temp),
  };
}

function storePaths(root: string): StorePaths {
  const at = (name: string) => path.join(root, name);
  return {
    ociLayout: at("oci-layout"),
    index: at("index.json"),
    blobs: at("blobs/sha256"),
    layers: at("layers"),
    cache: at("cache"),
    imageRecords: at("images/records"),
    imageNames: at("images/names"),
    contexts: at("contexts"),
    mounts: at("mounts"),
    builds: at("builds"),
    plans: at("builds/plans"),
    tmp: at("tmp"),
    locks: at("locks"),
    collected: at("collected"),
    synced: at("synced.json"),
    volumes: at("volumes"),
    compose: at("compose"),
  };
}

/** `oci-layout` is written last, so everything else exists when it does. */
function isInitialised(paths: StorePaths): boolean {
  try {
    const layout = JSON.parse(readFileSync(paths.ociLayout, "utf8")) as {
      imageLayoutVersion?: unknown;
    } | null;
    if (layout?.imageLayoutVersion === layoutVersion) return true;
    throw unusable(paths, `unknown layout version ${JSON.stringify(layout?.imageLayoutVersion)}`);
  } catch (error) {
    if (isErrno(error, "ENOENT") || error instanceof SyntaxError) return false;
    throw error instanceof ContentError ? error : unusable(paths, error);
  }
}

function initialise(root: string, paths: StorePaths): void {
  const { ociLayout, index } = paths;
  try {
    refuseOtherFiles(root, paths);
    // Layers hold set-uid programs of images: nobody else may reach them.
    makeDirectory(root, 0o700);
    for (const directory of directoriesOf(paths)) makeDirectory(directory);
    if (readJsonFile(index) === undefined) {
      const empty = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [] };
      writeFileAtomic(index, JSON.stringify(empty), paths.tmp);
    }
    writeFileAtomic(ociLayout, JSON.stringify({ imageLayoutVersion: layoutVersion }), paths.tmp);
  } catch (error) {
    throw error instanceof ContentError ? error : unusable(paths, error);
  }
}

/** Those that every store has. */
function directoriesOf(paths: StorePaths): readonly string[] {
  const { blobs, layers, cache, imageRecords, imageNames, contexts, mounts, builds, tmp } = paths;
  return [blobs, layers, cache, imageRecords, imageNames, contexts, mounts, builds, tmp];
}

/** `--root /home/me` is a slip: a store is a directory of its own. One may be the root of a disk. */
function refuseOtherFiles(root: string, paths: StorePaths): void {
  const own = new Set(Object.values(paths).map((file: string) => path.relative(root, file).split("/")[0]));
  const other = listIfThere(root).find((name) => !own.has(name) && name !== "lost+found");
  if (other !== undefined)
    throw unusable(paths, `it has other files in it, ${JSON.stringify(other)} for one`);
}

/** @param reason what is wrong, in words or as the error of the file system */
function unusable(paths: StorePaths, reason: unknown): ContentError {
  const root = path.dirname(paths.ociLayout);
  const why = typeof reason === "string" ? `: ${reason}` : "";
  return new ContentError("STORE_UNUSABLE", `Cannot open the store ${JSON.stringify(root)}${why}`, {
    ...(why === "" && { cause: reason }),
    hint: otherStore,
  });
}
