import { FileActionError } from "./file-action-error.ts";

export interface ModeChange {
  /** The new mode of a file or directory. */
  readonly apply: (mode: number, isDirectory: boolean) => number;
  /** Mode of directories that a copy has to make on the way to its destination. */
  readonly parentMode: number;
}

/** Reads the mode of `--chmod`: octal, or symbolic as chmod(1) has it, without a umask (BuildKit takes BSD's setmode(3)).
 * @throws {FileActionError} `BAD_MODE` */
export function parseModeChange(text: string): ModeChange {
  if (/^[0-9]/.test(text)) {
    if (!/^0*[0-7]{1,4}$/.test(text)) {
      const message = `invalid chmod parameter: '${text}'. it should be octal string and between 0 and 07777`;
      throw new FileActionError("BAD_MODE", message);
    }
    const mode = Number.parseInt(text, 8);
    return { apply: () => mode, parentMode: mode & 0o777 };
  }
  const clauses = text.split(",").map((clause) => parseClause(clause, text));
  return {
    apply: (mode, isDirectory) => {
      const hasExecute = isDirectory || (mode & 0o111) !== 0; // as it was in the beginning
      return clauses.flat().reduce((current, step) => step(current, hasExecute), mode);
    },
    parentMode: 0o755,
  };
}

type Step = (mode: number, hasExecute: boolean) => number;

const WHO_BITS: Readonly<Record<string, number>> = { u: 0o4700, g: 0o2070, o: 0o0007, a: 0o6777 };
const SHIFTS: Readonly<Record<string, number>> = { u: 6, g: 3, o: 0 };
const PERMISSIONS: Readonly<Record<string, number>> = { r: 0o444, w: 0o222, x: 0o111, s: 0o6000, t: 0o1000 };

function parseClause(clause: string, text: string): Step[] {
  const matched = /^([ugoa]*)((?:[-+=][rwxXstugo]*)+)$/.exec(clause);
  if (!matched) throw new FileActionError("BAD_MODE", `invalid chmod parameter: '${text}': invalid syntax`);
  const [, who = "", operations = ""] = matched;
  const whoBits = Array.from(who || "a").reduce((bits, letter) => bits | WHO_BITS[letter]!, 0);
  // the sticky bit belongs to everybody, so others alone cannot change it
  const settable = /^o+$/.test(who) ? whoBits : whoBits | 0o1000;
  return [...operations.matchAll(/([-+=])([rwxXstugo]*)/g)].flatMap(([, operator, letters]) =>
    // each copy of another class is an operation of its own
    (letters === "" ? [""] : letters!.match(/[ugo]|[rwxXst]+/g)!).map(
      (operand): Step =>
        /^[ugo]$/.test(operand)
          ? (mode) => change(mode, operator!, copied(mode, operand, whoBits), whoBits & 0o777)
          : (mode, hasExecute) =>
              change(
                mode,
                operatorFor(operator!, who, operand),
                granted(operand, hasExecute) & settable,
                whoBits,
              ),
    ),
  );
}

/** setmode(3) takes nothing away for the sticky bit alone, unless it is told from whom. */
function operatorFor(operator: string, who: string, operand: string): string {
  return operator === "=" && who === "" && /^t+$/.test(operand) ? "+" : operator;
}

function change(mode: number, operator: string, bits: number, cleared: number): number {
  if (operator === "-") return mode & ~bits;
  return operator === "+" ? mode | bits : (mode & ~cleared) | bits;
}

function granted(letters: string, hasExecute: boolean): number {
  let bits = 0;
  for (const letter of letters) {
    if (letter !== "X") bits |= PERMISSIONS[letter]!;
    else if (hasExecute) bits |= 0o111;
  }
  return bits;
}

function copied(mode: number, from: string, whoBits: number): number {
  const value = (mode >> SHIFTS[from]!) & 7;
  return (value * 0o111) & whoBits & 0o777;
}
