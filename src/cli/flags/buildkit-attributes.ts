import { UsageError } from "../usage-error.ts";
import { isTrue, type OutputMap } from "./image-settings.ts";

interface OnlyValue {
  /** What is done anyway; the attribute may ask for it. */
  readonly value: boolean;
  /** Why not the other one, or what to use. */
  readonly hint: string;
}

/** Attributes of BuildKit's images that are true or false, of which only one can be had. */
const onlyValues: Readonly<Record<string, OnlyValue>> = {
  "prefer-nondist-layers": {
    value: false,
    hint: "every layer is sent, so that the image can be pulled from where it goes",
  },
};

/** BuildKit's archives have no use for them. */
const ofStoredImages: readonly string[] = ["unpack"];

/** Is this an attribute that only says what is done anyway? Layers lie unpacked in the store, so `unpack` may have either value.
 * @throws {UsageError} when it says otherwise, or cannot be carried out */
export function isGivenAnyway(key: string, output: OutputMap): boolean {
  if (ofStoredImages.includes(key) && !["image", "registry"].includes(output.map.get("type") ?? ""))
    return false;
  if (key === "unpack") {
    isTrue(key, output, true);
    return true;
  }
  const only = onlyValues[key];
  if (only && isTrue(key, output, true) === only.value) return true;
  if (!only) return false;
  const what = `${key}=${String(!only.value)}`;
  throw new UsageError(`Cannot use --output "${output.text}": ${what} is not supported`, {
    code: "UNSUPPORTED_OPTION",
    hint: only.hint,
  });
}
