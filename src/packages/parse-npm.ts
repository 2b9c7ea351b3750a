import type { FoundPackage } from "./found-package.ts";

/** The package of an installed `package.json`; none when it is no JSON, or says no name and version. */
export function parsePackageJson(text: string, path: string): readonly FoundPackage[] {
  let document: unknown;
  try {
    document = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch {
    return [];
  }
  if (typeof document !== "object" || document === null) return [];
  const { name, version, license } = document as Record<string, unknown>;
  if (typeof name !== "string" || typeof version !== "string" || name === "" || version === "") return [];
  const words = licenseOf(license);
  return [{ type: "npm", name, version, ...(words !== undefined && { license: words }), path }];
}

/** Old packages say `{ type }`. */
function licenseOf(license: unknown): string | undefined {
  if (typeof license === "string") return license;
  const type = (license as { type?: unknown } | null | undefined)?.type;
  return typeof type === "string" ? type : undefined;
}
