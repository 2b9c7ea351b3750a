export type { Distribution, FoundPackage, PackageList, PackageType } from "./found-package.ts";
export { type BillOfMaterials, type BomFormat, encodeBom, spdxDocument } from "./encode-bom.ts";
export { imageUrl, layoutUrl } from "./image-url.ts";
export { scanPackages } from "./scan-packages.ts";
