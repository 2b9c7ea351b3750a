const mostCharacters = 80;

/** A step's name as a column of a table has room for it: on one line, with the first digits of digests, and with what its mounts are
 * left out where the command would not fit behind them. */
export function shortStepName(name: string): string {
  const line = name.replaceAll(/\s+/g, " ").replaceAll(/(@sha256:[0-9a-f]{12})[0-9a-f]{52}/g, "$1");
  if (line.length <= mostCharacters) return line;
  const short = line.replace(/(?<=\bRUN )(?:--mount=\S+ )+/, "--mount=… ");
  return short.length > mostCharacters ? `${short.slice(0, mostCharacters - 1)}…` : short;
}
