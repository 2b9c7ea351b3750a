import { printable } from "../../errors/index.ts";
import type { ListedFile } from "../../snapshot/index.ts";
import { isoTime } from "../../util/index.ts";

/** Files as `ls -l --numeric-uid-gid` shows them, with their whole path. */
export function fileLines(files: readonly ListedFile[]): string {
  const owners = files.map(({ uid, gid }) => `${uid}:${gid}`);
  const ownerWidth = longest(owners);
  const sizeWidth = longest(files.map(({ sizeBytes }) => String(sizeBytes)));
  return files
    .map((file, index) => {
      const owner = owners[index]!.padEnd(ownerWidth);
      const size = String(file.sizeBytes).padStart(sizeWidth);
      const target = file.linkTarget === undefined ? "" : ` -> ${file.linkTarget}`;
      return `${modeText(file)} ${owner} ${size} ${timeText(file.mtimeSeconds)} ${printable(`${file.path}${target}`).replaceAll("\n", "\\n")}\n`;
    })
    .join("");
}

/** To the minute, in UTC; of a time beyond all calendars, its seconds. */
function timeText(mtimeSeconds: number): string {
  const time = new Date(mtimeSeconds * 1000);
  if (Number.isNaN(time.getTime())) return `@${mtimeSeconds}`;
  return isoTime(time.getTime())
    .replace("T", " ")
    .replace(/:\d\d\.\d+Z$/, "");
}

function longest(texts: readonly string[]): number {
  return texts.reduce((width, { length }) => Math.max(width, length), 0);
}

const typeLetters = { file: "-", directory: "d", symlink: "l", device: "c", fifo: "p", socket: "s" } as const;

function modeText({ type, mode }: ListedFile): string {
  const bits = [6, 3, 0].map((shift) => {
    const special = [0o4000, 0o2000, 0o1000][(6 - shift) / 3]!;
    const letter = shift === 0 ? "t" : "s";
    const [read, write, run] = [4, 2, 1].map((bit) => (mode & (bit << shift)) !== 0);
    const last = (mode & special) === 0 ? (run ? "x" : "-") : run ? letter : letter.toUpperCase();
    return `${read ? "r" : "-"}${write ? "w" : "-"}${last}`;
  });
  return `${typeLetters[type]}${bits.join("")}`;
}
