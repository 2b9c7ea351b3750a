/** Name of a downloaded file by BuildKit's rules (source/http): what the source says, else the server's Content-Disposition, else the
 * last part of the URL's path; `download` where that is no name. Never a path. */
export function downloadName(
  url: URL,
  given: string | undefined,
  contentDisposition: string | undefined,
): string {
  if (given !== undefined) return safeName(given);
  return safeName(dispositionName(contentDisposition ?? "") || lastPart(url.pathname));
}

function safeName(text: string): string {
  const name = text.trim().replace(/\/+$/, "").split("/").at(-1)!;
  return name === "" || name === "." || name === ".." || name.includes("\0") ? "download" : name;
}

function lastPart(pathname: string): string {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return pathname;
  }
}

/** `attachment; filename="a b.tar"`, and the form of RFC 5987: `filename*=UTF-8''a%20b.tar`. */
function dispositionName(header: string): string {
  const extended = /;\s*filename\*\s*=\s*utf-8'[^']*'([^;\s]+)/i.exec(header)?.[1];
  if (extended !== undefined) return withoutSlash(lastPart(extended));
  const plain = /;\s*filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))/i.exec(header);
  return withoutSlash((plain?.[1] ?? plain?.[2] ?? "").replace(/\\(.)/g, "$1"));
}

function withoutSlash(name: string): string {
  return name.endsWith("/") ? "" : name;
}
