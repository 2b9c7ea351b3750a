import type { Distribution, FoundPackage } from "./found-package.ts";

/** The package URL (purl) of a package: `pkg:deb/debian/curl@7.88.1?arch=amd64&distro=debian-12`.
 * @see https://github.com/package-url/purl-spec */
export function packageUrl(found: FoundPackage, distribution: Distribution | undefined): string {
  const { type, version } = found;
  const [namespace, name] = purlName(found, distribution);
  const path = [...namespace, name].map(encodeUrlPart).join("/");
  return `pkg:${type}/${path}@${encodeUrlPart(version)}${qualifiers(found, distribution)}`;
}

function purlName(
  { type, name }: FoundPackage,
  distribution: Distribution | undefined,
): [namespace: readonly string[], name: string] {
  switch (type) {
    case "deb":
    case "apk":
    case "rpm":
      return [[vendors.get(distribution?.id ?? "") ?? distribution?.id ?? fallbackNamespaces[type]], name];
    case "pypi":
      return [[], name.toLowerCase().replaceAll("_", "-")];
    case "npm":
    case "golang": {
      const parts = (type === "npm" ? name : name.toLowerCase()).split("/");
      return [parts.slice(0, -1), parts.at(-1)!];
    }
  }
}

/** Distributions whose packages are known by another name. */
const vendors: ReadonlyMap<string, string> = new Map([["rhel", "redhat"]]);
const fallbackNamespaces = { deb: "debian", apk: "alpine", rpm: "redhat" } as const;

function qualifiers(
  { type, architecture, epoch, source }: FoundPackage,
  distribution: Distribution | undefined,
): string {
  const isOfDistribution = type === "deb" || type === "apk" || type === "rpm";
  const version = distribution?.versionId;
  const known = [
    ["arch", architecture],
    ["distro", isOfDistribution && version !== undefined ? `${distribution!.id}-${version}` : undefined],
    ["epoch", epoch === undefined ? undefined : String(epoch)],
    ["upstream", source],
  ] as const;
  const text = known
    .flatMap(([key, value]) => (value === undefined ? [] : `${key}=${encodeUrlPart(value)}`))
    .join("&");
  return text === "" ? "" : `?${text}`;
}

/** Percent-encoding as purl wants it: unreserved characters and `:` stay. */
export function encodeUrlPart(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%3A", ":");
}
