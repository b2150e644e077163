/** Where a session's answers go. */
export interface SessionOutput {
  send(frame: Uint8Array): void;
  /** A promise while the peer does not read fast enough. */
  room(): Promise<void> | undefined;
}
