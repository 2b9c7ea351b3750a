// Those of overlayfs say how layers stack here; the others are the policy of one host, and no part of an image.
const ofHost = /^(?:(?:trusted|user)\.overlay\.|security\.(?:selinux|apparmor|evm|SMACK64))/;

/** Does an extended attribute of this name belong to a file's content, so that it is copied, counted in digests and put into layer
 * tars? The one policy for every room. */
export function isContentXattr(name: string): boolean {
  return name !== "" && !ofHost.test(name);
}
