export { exportArchive, type ExportArchiveOptions } from "./export-archive.ts";
export { exportLayout } from "./export-layout.ts";
export { ExporterError, type ExporterErrorCode } from "./exporter-error.ts";
export type { ArchiveFormat, NamedImage } from "./image-files.ts";
export { type LoadedImage, loadArchive } from "./load-archive.ts";
export { type LayoutReference, readLayout } from "./read-layout.ts";
export { placeFile } from "./write-bytes.ts";
