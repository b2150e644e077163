/** Whether a stranger can get an account at this moment. */
export type RegistrationState = 'open' | 'invite' | 'closed';

export type Reservation =
  | { readonly kind: 'credentials'; readonly email: string; readonly password: string }
  /** The reason is shown to the person who asked, as it stands; the code is for counters. */
  | { readonly kind: 'refused'; readonly code: string; readonly reason: string };

/** How the web server asks for accounts; who implements it decides everything about them. */
export interface Registration {
  /** Names and passwords nobody has yet; called once for each `POST /new`. A rejection is answered with 503. */
  reserve(token?: string): Promise<Reservation>;
  state(): RegistrationState;
}
