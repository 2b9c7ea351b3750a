import { mkdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { openStore, selectionFile, type Store } from "../content/index.ts";
import { compareLayers, type OpaqueXattr, unpackTar } from "../layer/index.ts";
import type { LayerCompression } from "../oci/index.ts";
import {
  applyFileActions,
  type CopyHelpers,
  openSource,
  type ReadBefore,
  diffTrees,
  mountChanges,
  digestSources,
  findBytes,
  hashFiles,
  type EarlierLayer,
  listTree,
} from "../snapshot/index.ts";
import { scanPackages } from "../packages/index.ts";
import { type FileChanges, firstChanges, selectionChanges } from "../tree/index.ts";
import type { WorkerSetup } from "./worker-setup.ts";
import { archives } from "./archives.ts";
import { measureTree, emptyMounts } from "./cache-mount-care.ts";
import { exportDirectory } from "./export-directory.ts";
import { exportTar } from "./export-tree.ts";
import { packCacheMount, restoreCacheMount } from "./cache-mount-travel.ts";
import { makeLayer } from "./make-layer.ts";
import { compressAnew, packLayer } from "./pack-layer.ts";
import type { ContextSource, LayerId, WorkerApi } from "./protocol.ts";
import { removePath } from "./remove-path.ts";
import { SelectionWriter } from "./selection-writer.ts";
import { toCopySource } from "./to-copy-source.ts";

/** What the bulk requests of one thread share. */
export interface BulkEnvironment {
  readonly helpers: CopyHelpers;
  readonly readBefore: Required<ReadBefore>;
}

/** Requests that are long stretches of synchronous file work; they run in threads, so that steps and their output go on. */
export interface BulkApi
  extends Pick<
    WorkerApi,
    | "unpackLayer"
    | "importTar"
    | "applyFileActions"
    | "digestSources"
    | "packLayer"
    | "compressAnew"
    | "findBytes"
    | "listPackages"
    | "exportTree"
    | "hashFiles"
    | "compareLayers"
    | "remove"
    | "listTree"
    | "diffTrees"
    | "mountChanges"
    | "measure"
    | "emptyMounts"
    | "packCacheMount"
    | "restoreCacheMount"
  > {
  /** Copies what `selector` names in a build context to `<directory>/fs/context`. */
  copyContext(request: { directory: string; source: ContextSource; selector: string }): Promise<void>;
}

export const BULK_METHODS = [
  "unpackLayer",
  "importTar",
  "applyFileActions",
  "digestSources",
  "packLayer",
  "compressAnew",
  "findBytes",
  "listPackages",
  "exportTree",
  "hashFiles",
  "compareLayers",
  "remove",
  "listTree",
  "diffTrees",
  "mountChanges",
  "measure",
  "emptyMounts",
  "packCacheMount",
  "restoreCacheMount",
] as const satisfies (keyof BulkApi & keyof WorkerApi)[];

export function openBulkApi(setup: WorkerSetup, { helpers, readBefore }: BulkEnvironment): BulkApi {
  const store = openStore(setup.storeRoot, setup);
  const opaqueXattr: OpaqueXattr = setup.userNamespace ? "user.overlay.opaque" : "trusted.overlay.opaque";
  const fsOf = (layers: readonly LayerId[]) => layers.map((layer) => store.layers.fsOf(layer));

  return {
    async unpackLayer({ layer, blob, mediaType, diffID }) {
      const source = store.content.pathOf(blob);
      const { sizeBytes, tarSizeBytes } = await makeLayer(store, layer, (fs) =>
        unpackTar(source, fs, { form: "layer", opaqueXattr, expectedDiffID: diffID }),
      );
      const { size } = statSync(source);
      const packed = { digest: blob, size, mediaType, compression: compressionOf(mediaType) };
      store.layers.addPack(layer, { diffID, tarSizeBytes, blobs: [packed] });
      return { layer, sizeBytes };
    },

    async importTar({ layer, file }) {
      const { sizeBytes } = await makeLayer(store, layer, (fs) =>
        unpackTar(file, fs, { form: "rootfs", opaqueXattr }),
      );
      return { layer, sizeBytes };
    },

    async applyFileActions({ lowers, output, actions, sources, previousLayer }) {
      const { sizeBytes, contentDigests, changes } = await makeLayer(store, output, async (fs) => {
        using selection = new SelectionWriter(path.join(path.dirname(fs), selectionFile));
        const applied = await applyFileActions(
          {
            lowers: fsOf(lowers),
            output: fs,
            actions,
            sources: sources.map((source) => toCopySource(store, source)),
          },
          {
            archives: archives(opaqueXattr),
            ...readBefore,
            helpers,
            indexFile: path.join(path.dirname(fs), COPIED),
            describe: (text) => selection.write(text),
            ...(previousLayer !== undefined && { earlier: earlierLayer(store, previousLayer) }),
          },
        );
        return {
          ...applied,
          changes: selection.isEmpty ? firstChanges([]) : changesSince(store, fs, previousLayer),
        };
      });
      return { layer: { layer: output, sizeBytes }, contentDigests, changes };
    },

    async digestSources({ lowers, actions }) {
      const contentDigests = digestSources({ kind: "layers", layers: fsOf(lowers) }, actions, readBefore);
      return { contentDigests };
    },

    packLayer: (request) => packLayer(store, opaqueXattr, request),

    async listPackages({ source }) {
      using opened = openSource(toCopySource(store, source), readBefore.trees);
      return scanPackages(opened);
    },

    async findBytes({ layer, patterns }) {
      const bytes = patterns.map((pattern) => Buffer.from(pattern, "base64"));
      const directory = Buffer.from(store.layers.fsOf(layer)).toString("latin1");
      return { found: findBytes(directory, bytes, { limit: maxFound }) };
    },

    compressAnew: (request) => compressAnew(store, request),

    async exportTree({ trees, dest, form, times, isMirror = false }) {
      const absolute = trees.map(({ lowers, above, ...rest }) => ({
        ...rest,
        lowers: [...fsOf(lowers), ...(above === undefined ? [] : [insideStore(store, above)])],
      }));
      const request = { trees: absolute, dest, opaqueXattr, times, isMirror };
      if (form === "tar") return await exportTar(request);
      return await exportDirectory(request, { storeRoot: store.root, helpers });
    },

    async hashFiles({ lowers }) {
      return { files: hashFiles(fsOf(lowers)) };
    },

    async compareLayers({ recorded, made }) {
      const { layers } = store;
      return { difference: compareLayers(layers.fsOf(recorded), layers.fsOf(made), { opaqueXattr }) };
    },

    async remove({ layers, paths }) {
      for (const layer of layers) removePath(store.layers.dirOf(layer));
      for (const file of paths) removePath(insideStore(store, file));
    },

    async listTree({ lowers, under }) {
      return { files: listTree(fsOf(lowers), under) };
    },

    async diffTrees({ before, after }) {
      return { differences: diffTrees(fsOf(before), fsOf(after)) };
    },

    async mountChanges({ before, after, ...mount }) {
      return { changes: mountChanges(fsOf(before), fsOf(after), mount) };
    },

    async measure({ paths }) {
      return { sizesBytes: paths.map((directory) => measureTree(insideStore(store, directory))) };
    },

    async emptyMounts({ paths }) {
      return { sizesBytes: emptyMounts(paths.map((instance) => insideStore(store, instance))) };
    },

    packCacheMount: (request) =>
      packCacheMount(store, { ...request, path: insideStore(store, request.path) }),

    restoreCacheMount: (request) => restoreCacheMount(store, opaqueXattr, request),

    async copyContext({ directory, source, selector }) {
      const output = path.join(directory, "fs");
      mkdirSync(output, { recursive: true, mode: 0o755 });
      await applyFileActions(
        {
          lowers: [],
          output,
          actions: [{ ...COPY_ALL, source: selector, dest: "/context" }],
          sources: [{ kind: "directory", ...source }],
        },
        { helpers },
      );
    },
  };
}

/** Of which files a layer's files are copies, beside its tree. */
const COPIED = "copied.idx";

/** What is not as it was for the previous layer, of what a layer's files were copied of. */
function changesSince(store: Store, fs: string, previousLayer: LayerId | undefined): FileChanges {
  const previous = previousLayer === undefined ? undefined : store.layers.readSelection(previousLayer);
  if (previous === undefined) return firstChanges([]);
  const selection = readFileSync(path.join(path.dirname(fs), selectionFile), "latin1");
  return firstChanges(selectionChanges(previous, selection));
}

/** More than anybody reads. */
const maxFound = 100;

function earlierLayer(store: Store, layer: LayerId): EarlierLayer {
  return { directory: store.layers.fsOf(layer), indexFile: path.join(store.layers.dirOf(layer), COPIED) };
}

const COPY_ALL = {
  kind: "copy",
  from: 0,
  followSymlink: true,
  copyDirContents: true,
  attemptUnpack: false,
  createDestPath: true,
  allowWildcard: false,
  allowEmptyWildcard: false,
} as const;

function compressionOf(mediaType: string): LayerCompression {
  if (mediaType.endsWith("gzip")) return "gzip";
  return mediaType.endsWith("zstd") ? "zstd" : "none";
}

/** Only what is half done, cache mounts and volumes are removed by path. */
function insideStore({ paths }: Store, file: string): string {
  const isInside = (directory: string) => file.startsWith(`${directory}/`) && path.normalize(file) === file;
  const directories = [paths.tmp, paths.mounts, paths.volumes];
  if (directories.some(isInside)) return file;
  throw new Error(`Internal error: "${file}" does not lie in any of ${directories.join(", ")}`);
}
