import type { Store } from "../content/index.ts";
import { type Digest, familiarReference, parseReference } from "../oci/index.ts";
import { ImageError } from "./image-error.ts";
import type { StoredRecord } from "./image-record.ts";
import { knownAssembly, knownIndex } from "./known-image.ts";
import { isIndex } from "./select-image.ts";

/** A name with a digest promises these bytes to whoever builds upon it, so that no other image may have it.
 * @throws {ImageError} `NAME_MISMATCH` */
export function checkName(store: Store, name: string, record: StoredRecord): void {
  if (!name.includes("@")) return;
  const reference = parseReference(name);
  if (reference.digest === undefined || digestsOf(store, record).includes(reference.digest)) return;
  throw new ImageError(
    "NAME_MISMATCH",
    `Cannot name an image "${familiarReference(reference)}": its digest is another`,
  );
}

/** What the image can be known by: its index, its manifest. */
function digestsOf(store: Store, record: StoredRecord): readonly (Digest | undefined)[] {
  if (isIndex(record)) return [record.origin?.digest ?? knownIndex(store, record)?.descriptor.digest];
  const { origin } = record;
  if (origin) return [origin.digest, origin.manifest.digest];
  return [knownAssembly(store, record)?.manifest.digest];
}
