const proxies = ["HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"];

/** Proxy settings among the build arguments, whatever their case, under both spellings: RUN gets them without an ARG, and
 * they are no part of what it is. */
export function proxyEnv(buildArgs: Readonly<Record<string, string>>): { readonly proxyEnv?: string[] } {
  const given = new Map<string, string>();
  for (const key of Object.keys(buildArgs).sort()) {
    if (proxies.includes(key.toUpperCase())) given.set(key.toUpperCase(), buildArgs[key]!);
  }
  const env = proxies.flatMap((name) => {
    const value = given.get(name);
    return value ? [`${name}=${value}`, `${name.toLowerCase()}=${value}`] : [];
  });
  return env.length > 0 ? { proxyEnv: env } : {};
}

export function isProxyArg(name: string): boolean {
  return proxies.includes(name.toUpperCase());
}
