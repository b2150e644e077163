import type { ProtocolErrorCode } from './errors.ts';
import type { Stage } from './stages.ts';
import type { Verdict } from './verdicts.ts';

/** What a filter tells its log. There is no address and no content in it. */
export type MilterEvent =
  | {
      readonly kind: 'connection.negotiated';
      readonly connection: number;
      readonly version: number;
      readonly actions: number;
      readonly protocol: number;
    }
  /** The mail server is gone; every negotiated connection ends with this. */
  | { readonly kind: 'connection.closed'; readonly connection: number; readonly messages: number }
  /** Somebody connected who does not speak the protocol: a port scan, a health check, a browser. */
  | { readonly kind: 'connection.stranger'; readonly connection: number; readonly looksLike: Stranger }
  /** The peer broke the protocol, or does not offer what the filter needs; its connection was closed. */
  | {
      readonly kind: 'connection.refused';
      readonly connection: number;
      readonly code: ProtocolErrorCode;
      readonly reason: string;
    }
  /** The peer did not answer or did not read in time, or the socket failed. */
  | { readonly kind: 'connection.failed'; readonly connection: number; readonly reason: string }
  /** There were as many connections as `limits.connections` allows. */
  | { readonly kind: 'connection.dropped'; readonly limit: number }
  /** An event was answered; `elapsedMs` is the handler's time. */
  | {
      readonly kind: 'verdict';
      readonly connection: number;
      readonly stage: Stage;
      readonly verdict: Verdict['kind'] | 'continue';
      readonly elapsedMs: number;
    }
  /** A handler threw, took too long, or a limit was passed; the message gets the `onError` verdict. */
  | {
      readonly kind: 'handler.failed';
      readonly connection: number;
      readonly stage: Stage | 'connection' | 'message' | 'abort' | 'close';
      readonly error: unknown;
    }
  /** The mail server gave up a message before it had a verdict. */
  | { readonly kind: 'message.aborted'; readonly connection: number };

export type Stranger = 'a health check' | 'TLS' | 'HTTP' | 'something else';
