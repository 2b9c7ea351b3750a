/** Sets a variable as the last one assigned. */
export function setVariable(env: Map<string, string>, key: string, value: string): void {
  env.delete(key);
  env.set(key, value);
}

export function splitVariable(text: string): [string, string] {
  const at = text.indexOf("=");
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}
