/** What is known about who we are at one registry. */
export type Credentials =
  | { readonly kind: "password"; readonly username: string; readonly password: string }
  /** OAuth2 refresh token, exchanged for access tokens at the registry's token service. */
  | { readonly kind: "identity-token"; readonly token: string }
  /** Sent as it is. */
  | { readonly kind: "registry-token"; readonly token: string };

/** Looks up credentials by registry host; undefined = anonymous. */
export type CredentialSource = (host: string) => Promise<Credentials | undefined>;
