export type { Distribution, FoundPackage, PackageList, PackageType } from "./found-package.ts";
export { type BillOfMaterials, type BomFormat, encodeBom } from "./encode-bom.ts";
export { scanPackages } from "./scan-packages.ts";
