export { dropUnnamedBlobs } from "./drop-unnamed-blobs.ts";
export { exportArchive, type ExportArchiveOptions } from "./export-archive.ts";
export { exportLayout } from "./export-layout.ts";
export { ExporterError, type ExporterErrorCode } from "./exporter-error.ts";
export type { ArchiveFormat, NamedImage } from "./image-files.ts";
export { type LoadedImage, loadArchive, readArchive } from "./load-archive.ts";
export { type LayoutReference, readLayout, readWholeLayout } from "./read-layout.ts";
export type { ArchivedImage } from "./to-record.ts";
export { fullOutputHint, placeFile, writeToStream } from "./write-bytes.ts";
