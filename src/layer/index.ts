export { LayerError, type LayerErrorCode } from "./layer-error.ts";
export type { TarEntry, TarEntryType, Xattr } from "./tar-entry.ts";
export { type TarHandler, TarReader } from "./tar-reader.ts";
export { encodeTarHeader, tarEndBytes } from "./tar-writer.ts";
