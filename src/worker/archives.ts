import { chunksOf, isTar, type OpaqueXattr, unpackTar } from "../layer/index.ts";
import type { Archives } from "../snapshot/index.ts";

/** How ADD unpacks an archive. */
export function archives(opaqueXattr: OpaqueXattr): Archives {
  return {
    isArchive: isTar,
    async unpack(fd, target, { under, owner, signal }) {
      await unpackTar(chunksOf(fd), target, { form: "files", opaqueXattr, under, owner, signal });
    },
  };
}
