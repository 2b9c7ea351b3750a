/** A path of the host; bytes where the name may not be UTF-8. */
export type HostPath = string | Buffer;
