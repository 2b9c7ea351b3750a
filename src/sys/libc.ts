import { createRequire } from "node:module";
import { constants } from "node:os";
import type * as Koffi from "koffi";
import type { HostPath } from "./host-path.ts";
import { SysError } from "./sys-error.ts";

type Argument = number | bigint | Uint8Array | readonly (string | null)[] | null;
type NativeFunction = (...args: Argument[]) => number | bigint;

let loaded: { koffi: typeof Koffi; libc: Koffi.LibraryHandle } | undefined;

/** Koffi and the C library that Node itself runs on. Loaded at the first call (about 30 ms), so that importing the door is free. */
function native(): { koffi: typeof Koffi; libc: Koffi.LibraryHandle } {
  if (!loaded) {
    const koffi = createRequire(import.meta.url)("koffi") as typeof Koffi;
    loaded = { koffi, libc: koffi.load(null) };
  }
  return loaded;
}

/** Has something of this room been called in this process, so that the next call costs no load? */
export function isNativeLoaded(): boolean {
  return loaded !== undefined;
}

/** Declares a C function; it is looked up at the first call.
 * @param result `long` and `int` are returned as numbers, -1 means failure */
export function declare(name: string, result: "int" | "long", args: readonly string[]): NativeFunction {
  let found: NativeFunction | undefined;
  return (...values) => {
    found ??= native().libc.func(name, result, [...args]) as NativeFunction;
    return found(...values);
  };
}

/** Like `declare`, for a call that waits long: it is made in another thread.
 * @returns what the call returned; why it failed is not known */
export function declareAsync(
  name: string,
  result: "int" | "long",
  args: readonly string[],
): (...values: Argument[]) => Promise<number> {
  let found: Koffi.KoffiFunc<(...values: Argument[]) => number> | undefined;
  return (...values) => {
    const call = (found ??= native().libc.func(name, result, [...args]));
    return new Promise((resolve, reject) => {
      call.async(...values, (error: unknown, value: number) => (error ? reject(error) : resolve(value)));
    });
  };
}

/** Like `declare`, for a shared library that may not be there. The first call throws what koffi throws then. */
export function declareIn(
  library: string,
  name: string,
  result: string,
  args: readonly string[],
): (...values: unknown[]) => unknown {
  let found: ((...values: unknown[]) => unknown) | undefined;
  return (...values) => {
    found ??= libraryOf(library).func(name, result, [...args]) as (...values: unknown[]) => unknown;
    return found(...values);
  };
}

const libraries = new Map<string, Koffi.LibraryHandle>();

function libraryOf(name: string): Koffi.LibraryHandle {
  const known = libraries.get(name) ?? native().koffi.load(name);
  libraries.set(name, known);
  return known;
}

interface Call {
  readonly syscall: string;
  /** What failed, for the message: `read attribute "user.x" of`. */
  readonly doing: string;
  readonly path?: HostPath;
}

/** The result of a call that returns -1 and sets errno on failure. Interrupted calls are repeated.
 * @throws {SysError} */
export function check(call: Call, run: () => number | bigint): number {
  const { result, errno } = attempt(run);
  if (result === -1) throw new SysError(call, errno);
  return result;
}

/** Like `check`, but hands the errno over instead of throwing (0 = success). */
export function attempt(run: () => number | bigint): { result: number; errno: number } {
  for (;;) {
    const result = Number(run());
    if (result !== -1) return { result, errno: 0 };
    const errno = native().koffi.errno();
    if (errno !== constants.errno.EINTR) return { result, errno };
  }
}

/** Bytes with the terminating zero of a C string.
 * @throws {TypeError} on an inner zero byte, which would cut the name short */
export function cString(text: HostPath): Buffer {
  const bytes = typeof text === "string" ? Buffer.from(text) : text;
  if (bytes.includes(0)) {
    throw new TypeError(`Invalid path or name: it holds a zero byte: ${JSON.stringify(bytes.toString())}`);
  }
  return Buffer.concat([bytes, ZERO]);
}

const ZERO = Buffer.from([0]);

/** `AT_FDCWD`: relative paths start at the working directory. */
export const AT_FDCWD = -100;
