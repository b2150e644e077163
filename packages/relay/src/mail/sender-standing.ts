/**
 * Whether somebody who logged in may still send. A session outlives the block or the deletion of its account, so this is
 * asked again for every message.
 */
export type Standing =
  | { readonly kind: 'good' }
  /** The reason is the operator's, for the person. */
  | { readonly kind: 'blocked'; readonly reason: string | null }
  | { readonly kind: 'gone' }
  /** Nobody knows: the store does not answer. */
  | { readonly kind: 'unknown' };

export interface SenderStandings {
  /** @param address in lower case. @throws StoreError when nobody knows. */
  standing(address: string): Promise<Exclude<Standing, { readonly kind: 'unknown' }>>;
}
