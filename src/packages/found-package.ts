/** Where a package comes from, in the words of package URLs. */
export type PackageType = "deb" | "apk" | "rpm" | "npm" | "pypi" | "golang";

/** A package that is installed in a tree. */
export interface FoundPackage {
  readonly type: PackageType;
  readonly name: string;
  readonly version: string;
  /** Of rpm: counts more than the version. */
  readonly epoch?: number;
  readonly architecture?: string;
  /** As the package says it, in whatever words. */
  readonly license?: string;
  /** The source package, where it has another name. */
  readonly source?: string;
  /** The file that says so. */
  readonly path: string;
}

/** What `os-release` says. */
export interface Distribution {
  readonly id: string;
  readonly versionId?: string;
  readonly name?: string;
}

export interface PackageList {
  /** Sorted, each once. */
  readonly packages: readonly FoundPackage[];
  readonly distribution?: Distribution;
  /** Databases that cannot be read: what they list is missing. */
  readonly unread: readonly UnreadDatabase[];
}

export interface UnreadDatabase {
  readonly path: string;
  /** `it ends before byte 4096`. */
  readonly reason: string;
}
