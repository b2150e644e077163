import { accountInvite, isForOnePerson, readToken } from './invite-link.ts';
import { autoconfig, mtaSts, robots } from './documents.ts';
import type { WebEvent } from './events.ts';
import type { Pages, Visit } from './pages.ts';
import type { Registration, Reservation } from './registration.ts';
import { parseRequestTarget, type RequestTarget } from './request-target.ts';
import { jsonResponse, textResponse, type WebResponse } from './response.ts';
import type { WebSettings } from './settings.ts';

/** A request as far as it can change the answer. */
export interface WebRequest {
  readonly method: string;
  readonly target: string;
  readonly acceptLanguage: string;
}

export interface RouteContext {
  readonly settings: WebSettings;
  readonly registration: Registration;
  readonly pages: Pages;
  /** Whether the relay can take mail and logins at this moment. */
  readonly isHealthy: () => Promise<boolean>;
  readonly onEvent: (event: WebEvent) => void;
}

export interface Answer {
  /** The route's name for counting; never the path as it was asked for. */
  readonly route: string;
  readonly response: WebResponse;
}

type Handler = (
  target: RequestTarget,
  request: WebRequest,
  context: RouteContext,
) => WebResponse | Promise<WebResponse>;

interface Route {
  readonly name: string;
  readonly get?: Handler;
  readonly post?: Handler;
}

const routes: Readonly<Record<string, Route>> = {
  '/': { name: 'page', get: (target, request, { pages }) => pages.invite(visitOf(target, request)) },
  '/privacy': { name: 'privacy', get: (target, request, { pages }) => pages.privacy(visitOf(target, request)) },
  '/logo.svg': { name: 'logo', get: (target, _r, { pages }) => pages.logo(target.path) ?? notFound() },
  '/logo.png': { name: 'logo', get: (target, _r, { pages }) => pages.logo(target.path) ?? notFound() },
  '/redeem': { name: 'redeem', post: redeem },
  '/new': { name: 'new', get: openApp, post: offerAccount },
  '/.well-known/autoconfig/mail/config-v1.1.xml': {
    name: 'autoconfig',
    get: (_t, _r, { settings }) => autoconfig(settings),
  },
  '/mail/config-v1.1.xml': { name: 'autoconfig', get: (_t, _r, { settings }) => autoconfig(settings) },
  '/.well-known/mta-sts.txt': {
    name: 'mta-sts',
    get: (_t, _r, { settings }) => (settings.mtaSts === undefined ? notFound() : mtaSts(settings.mtaSts)),
  },
  '/robots.txt': { name: 'robots', get: robots },
  '/healthz': { name: 'health', get: health },
};

/** Answers one request. Never rejects: a failure of ours is a 503, and an event. */
export async function answer(request: WebRequest, context: RouteContext): Promise<Answer> {
  const target = parseRequestTarget(request.target);
  const route = target !== undefined && Object.hasOwn(routes, target.path) ? routes[target.path] : undefined;
  if (target === undefined || route === undefined) return { route: 'unknown', response: notFound() };
  const handler =
    request.method === 'HEAD' || request.method === 'GET'
      ? route.get
      : request.method === 'POST'
        ? route.post
        : undefined;
  if (handler === undefined) return { route: route.name, response: wrongMethod(route) };
  try {
    return { route: route.name, response: await handler(target, request, context) };
  } catch (error) {
    context.onEvent({ kind: 'request.failed', route: route.name, error });
    return { route: route.name, response: unavailable(route.name) };
  }
}

/** `POST /new`, as Delta Chat asks: any 2xx has the account, anything else a reason that people get to read. */
async function offerAccount(target: RequestTarget, _request: WebRequest, context: RouteContext): Promise<WebResponse> {
  const reservation = await reserve(target, context);
  if (reservation.kind === 'refused') return jsonResponse({ reason: reservation.reason }, 403);
  return jsonResponse({ email: reservation.email, password: reservation.password });
}

async function reserve(target: RequestTarget, { registration, onEvent }: RouteContext): Promise<Reservation> {
  const reservation = await registration.reserve(readToken(target.query));
  onEvent(
    reservation.kind === 'refused' ? { kind: 'account.refused', code: reservation.code } : { kind: 'account.offered' },
  );
  return reservation;
}

function visitOf({ query }: RequestTarget, { acceptLanguage }: WebRequest): Visit {
  return { query, acceptLanguage };
}

/** `GET /new`: whoever follows the link of a code gets the app opened; the page is there where that is impossible. */
function openApp(target: RequestTarget, request: WebRequest, context: RouteContext): WebResponse {
  const { settings, registration, pages } = context;
  const page = pages.invite(visitOf(target, request));
  const token = readToken(target.query);
  const mayWork = registration.state() === 'open' || (registration.state() === 'invite' && token !== undefined);
  if (!mayWork || isForOnePerson(settings)) return page;
  const link = accountInvite(settings, token).replace(/^DCACCOUNT/, 'dcaccount');
  return { ...page, status: 302, headers: { ...page.headers, Location: link, 'Cache-Control': 'no-store' } };
}

/** The button of an invite to a relay whose codes are for one person: an account, and the page with its code. */
async function redeem(target: RequestTarget, request: WebRequest, context: RouteContext): Promise<WebResponse> {
  const reservation = await reserve(target, context);
  return context.pages.redeemed(visitOf(target, request), reservation);
}

async function health(_target: RequestTarget, _request: WebRequest, context: RouteContext): Promise<WebResponse> {
  return (await context.isHealthy()) ? textResponse('ok\n') : textResponse('unavailable\n', 503);
}

function notFound(): WebResponse {
  return textResponse('There is nothing here.\n', 404);
}

function wrongMethod(route: Route): WebResponse {
  const allowed = [...(route.get ? ['GET', 'HEAD'] : []), ...(route.post ? ['POST'] : [])].join(', ');
  const response = textResponse('This cannot be done here.\n', 405);
  return { ...response, headers: { ...response.headers, Allow: allowed } };
}

function unavailable(route: string): WebResponse {
  const headers = { 'Retry-After': '60' };
  if (route === 'new') {
    return jsonResponse(
      { reason: 'The relay cannot make an account right now. Please try again in a minute.' },
      503,
      headers,
    );
  }
  const response = textResponse('The relay cannot answer right now. Please try again in a minute.\n', 503);
  return { ...response, headers: { ...response.headers, ...headers } };
}
