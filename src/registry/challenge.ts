/** One challenge of a `WWW-Authenticate` header (RFC 9110, section 11.6.1). */
export interface Challenge {
  /** Lower case. */
  readonly scheme: string;
  /** Names in lower case. */
  readonly parameters: Readonly<Record<string, string>>;
}

const token = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const quoted = /"((?:[^"\\]|\\.)*)"/y;
const maxHeaderLength = 16 * 1024;

/** Reads every challenge of the header; stops without error at the first thing that it cannot read. */
export function parseChallenges(header: string): Challenge[] {
  const text = header.slice(0, maxHeaderLength);
  const challenges: { scheme: string; parameters: Record<string, string> }[] = [];
  let at = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) at = pattern.lastIndex;
    return found;
  };
  for (;;) {
    match(/[\s,]*/y);
    const word = match(token)?.[0].toLowerCase();
    if (word === undefined) return challenges;
    const current = challenges.at(-1);
    if (current && match(/\s*=\s*/y)) {
      const value = match(quoted)?.[1]?.replace(/\\(.)/g, "$1") ?? match(token)?.[0];
      if (value === undefined) return challenges;
      current.parameters[word] = value;
    } else {
      challenges.push({ scheme: word, parameters: Object.create(null) as Record<string, string> });
    }
  }
}
