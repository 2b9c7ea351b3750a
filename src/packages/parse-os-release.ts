import type { Distribution } from "./found-package.ts";

/** What `os-release` says; undefined without an ID. */
export function parseOsRelease(text: string): Distribution | undefined {
  const value = (key: string) => {
    const match = new RegExp(`^${key}=(?:"([^"]*)"|'([^']*)'|(\\S*))`, "m").exec(text);
    return (match?.[1] ?? match?.[2] ?? match?.[3]) || undefined;
  };
  const [id, versionId, name] = [value("ID"), value("VERSION_ID"), value("PRETTY_NAME")];
  if (id === undefined) return undefined;
  return { id, ...(versionId !== undefined && { versionId }), ...(name !== undefined && { name }) };
}
