import type { FoundPackage } from "./found-package.ts";

/** The packages of dpkg's `status`, or of a file in `status.d` (distroless images), that are installed. */
export function parseDpkgStatus(text: string, path: string): readonly FoundPackage[] {
  return stanzas(text).flatMap((stanza) => {
    const fields = controlFields(stanza);
    const [name, version] = [fields.get("package"), fields.get("version")];
    const status = fields.get("status") ?? "install ok installed";
    if (!name || !version || !status.endsWith(" installed")) return [];
    const architecture = fields.get("architecture");
    const source = fields.get("source")?.replace(/ \(.*/, "");
    return [
      {
        type: "deb" as const,
        name,
        version,
        ...(architecture && { architecture }),
        ...(source && source !== name && { source }),
        path,
      },
    ];
  });
}

/** The packages of apk's `installed`. */
export function parseApkInstalled(text: string, path: string): readonly FoundPackage[] {
  return stanzas(text).flatMap((stanza) => {
    const field = (letter: string) => new RegExp(`^${letter}:(.*)$`, "m").exec(stanza)?.[1]?.trim();
    const [name, version, architecture] = [field("P"), field("V"), field("A")];
    if (!name || !version) return [];
    const [license, source] = [field("L"), field("o")];
    return [
      {
        type: "apk" as const,
        name,
        version,
        ...(architecture && { architecture }),
        ...(license && { license }),
        ...(source && source !== name && { source }),
        path,
      },
    ];
  });
}

/** The package that a wheel's `METADATA`, or an egg's `PKG-INFO`, tells of. */
export function parsePythonMetadata(text: string, path: string): readonly FoundPackage[] {
  const [head = ""] = stanzas(text);
  const fields = controlFields(head);
  const [name, version] = [fields.get("name"), fields.get("version")];
  if (!name || !version) return [];
  const license = fields.get("license-expression") ?? fields.get("license");
  const isShort = license !== undefined && license !== "UNKNOWN" && license.length < 100;
  return [{ type: "pypi", name, version, ...(isShort && license && { license }), path }];
}

function stanzas(text: string): readonly string[] {
  return text.split(/\r?\n(?:[ \t]*\r?\n)+/).filter((stanza) => stanza.trim() !== "");
}

/** `Name: value` lines; those that begin with a space go on with the line before, and say nothing that is needed here. */
function controlFields(stanza: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of stanza.split("\n")) {
    const match = /^([A-Za-z][A-Za-z0-9-]*):[ \t]*(.*?)\s*$/.exec(line);
    if (match && !fields.has(match[1]!.toLowerCase())) fields.set(match[1]!.toLowerCase(), match[2]!);
  }
  return fields;
}
