export type { ImageLayer, ImageOrigin, ImageRecord } from "./image-record.ts";
