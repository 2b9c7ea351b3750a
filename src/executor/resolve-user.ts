import { ExecutorError } from "./executor-error.ts";

/** Who a process runs as. */
export interface ProcessUser {
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups, the primary one first. */
  readonly additionalGids: readonly number[];
  /** From passwd; `/` when the user has no entry there. */
  readonly home: string;
}

/** Texts of the image's own files; undefined when the image has none. */
export interface UserFiles {
  readonly passwd: string | undefined;
  readonly group: string | undefined;
}

/** Resolves `user[:group]` as runc and BuildKit do: a number always means the id and needs no entry; a name must have one. A
 * user without an explicit group brings its primary group and every group it is a member of; empty means uid 0.
 * @throws {ExecutorError} `UNKNOWN_USER` | `UNKNOWN_GROUP` */
export function resolveUser(spec: string, files: UserFiles): ProcessUser {
  const [userPart, groupPart = ""] = splitOnce(spec, ":");
  const user = findUser(userPart || "0", files.passwd ?? "");
  const groups = parseGroup(files.group ?? "");
  if (groupPart !== "") {
    const gid = findGroup(groupPart, groups);
    return { uid: user.uid, gid, additionalGids: [gid], home: user.home };
  }
  const memberOf = groups.filter((group) => user.name !== undefined && group.members.includes(user.name));
  const additionalGids = [...new Set([user.gid, ...memberOf.map((group) => group.gid)])];
  return { uid: user.uid, gid: user.gid, additionalGids, home: user.home };
}

interface PasswdEntry {
  readonly name: string | undefined;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

function findUser(wanted: string, passwd: string): PasswdEntry {
  const id = parseWanted(wanted);
  const entry = parsePasswd(passwd).find((user) =>
    id === undefined ? user.name === wanted : user.uid === id,
  );
  if (entry) return entry;
  if (id === undefined) {
    const message = `unable to find user ${wanted}: no matching entries in passwd file`;
    throw new ExecutorError("UNKNOWN_USER", message);
  }
  assertIdInRange(id, "UNKNOWN_USER", wanted);
  return { name: undefined, uid: id, gid: 0, home: "/" };
}

function findGroup(wanted: string, groups: readonly GroupEntry[]): number {
  const id = parseWanted(wanted);
  const entry = groups.find((group) => (id === undefined ? group.name === wanted : group.gid === id));
  if (entry) return entry.gid;
  if (id === undefined) {
    const message = `unable to find group ${wanted}: no matching entries in group file`;
    throw new ExecutorError("UNKNOWN_GROUP", message);
  }
  assertIdInRange(id, "UNKNOWN_GROUP", wanted);
  return id;
}

const MAX_ID = 2 ** 31 - 1;

function assertIdInRange(id: number, code: "UNKNOWN_USER" | "UNKNOWN_GROUP", wanted: string): void {
  if (id >= 0 && id <= MAX_ID) return;
  throw new ExecutorError(code, `Cannot use id "${wanted}": uids and gids must be in range 0-${MAX_ID}`);
}

function parsePasswd(text: string): PasswdEntry[] {
  return lines(text).flatMap((line) => {
    const [name = "", , uid = "", gid = "", , home = ""] = line.split(":");
    const ids = [parseId(uid), parseId(gid)] as const;
    if (ids[0] === undefined || ids[1] === undefined) return [];
    return [{ name, uid: ids[0], gid: ids[1], home: home.startsWith("/") ? home : "/" }];
  });
}

interface GroupEntry {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

function parseGroup(text: string): GroupEntry[] {
  return lines(text).flatMap((line) => {
    const [name = "", , number = "", members = ""] = line.split(":");
    const gid = parseId(number);
    return gid === undefined ? [] : [{ name, gid, members: members.split(",") }];
  });
}

function lines(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}

function parseId(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** A negative number is one that is out of range, and no name. */
function parseWanted(text: string): number | undefined {
  return /^-\d{1,15}$/.test(text) ? Number(text) : parseId(text);
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
