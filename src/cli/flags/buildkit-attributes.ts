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
  store: {
    value: true,
    hint: "the layers are results of steps, which the store keeps; type=cacheonly gives them no name",
  },
  "prefer-nondist-layers": {
    value: false,
    hint: "every layer is sent, so that the image can be pulled from where it goes",
  },
};

/** Attributes of BuildKit's images that are not carried out, and what to use in their place. */
const replacements: Readonly<Record<string, string>> = {
  "source-date-epoch": "it counts for the whole build: use --build-arg SOURCE_DATE_EPOCH=SECONDS",
  "dangling-name-prefix": "an image without a name has its ID; use name=NAME",
  "danging-name-empty-only": "an image without a name has its ID; use name=NAME",
};

/** BuildKit's archives have no use for them. */
const ofStoredImages: readonly string[] = [
  "store",
  "unpack",
  "dangling-name-prefix",
  "danging-name-empty-only",
];

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
  const hint = only?.hint ?? replacements[key];
  if (hint === undefined) return false;
  const what = only ? `${key}=${String(!only.value)}` : key;
  throw new UsageError(`Cannot use --output "${output.text}": ${what} is not supported`, {
    code: "UNSUPPORTED_OPTION",
    hint,
  });
}
