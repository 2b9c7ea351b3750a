const userInfo = /(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@?#]+@/gi;

/** Hides user and password in every URL of `text`, as BuildKit's provenance does. */
export function redactUrls(text: string): string {
  return text.replace(userInfo, "$1xxxxx:xxxxx@");
}
