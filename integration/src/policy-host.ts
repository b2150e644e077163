import { ensureImage } from '@postern/docker';
import { GenericContainer, type StartedTestContainer, Wait } from 'testcontainers';
import type { CertificateAuthority } from './certificate-authority.ts';
import type { TestNetwork } from './test-network.ts';

const server = `
import http.server, json, ssl
policies = json.load(open("/policies.json"))
class Policies(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        policy = policies.get(self.headers["Host"])
        self.send_response(200 if policy and self.path == "/.well-known/mta-sts.txt" else 404)
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        self.wfile.write((policy or "").encode())
server = http.server.ThreadingHTTPServer(("", 443), Policies)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/tls.pem")
server.socket = context.wrap_socket(server.socket, server_side=True)
print("policies are served", flush=True)
server.serve_forever()
`;

/** Where domains say which mail servers are theirs. RFC 8461 §3 */
export async function startPolicyHost(
  network: TestNetwork,
  authority: CertificateAuthority,
  policies: Readonly<Record<string, { readonly mode: string; readonly mx: string; readonly isVouchedFor?: boolean }>>,
): Promise<StartedTestContainer> {
  const entries = Object.entries(policies);
  const hosts = entries.map(([domain]) => `mta-sts.${domain}`);
  const vouched = entries.flatMap(([domain, { isVouchedFor = true }]) => (isVouchedFor ? [`mta-sts.${domain}`] : []));
  const texts = entries.map(([, { mode, mx }]) =>
    ['version: STSv1', `mode: ${mode}`, `mx: ${mx}`, 'max_age: 86400', ''].join('\r\n'),
  );
  const container = await network
    .join(new GenericContainer(await ensureImage('dns', 'trixie')))
    .withCopyContentToContainer([
      {
        target: '/policies.json',
        content: JSON.stringify(Object.fromEntries(hosts.map((host, at) => [host, texts[at]]))),
      },
      { target: '/tls.pem', content: await authority.issue('policies.test', ...vouched) },
    ])
    .withEntrypoint(['python3', '-c', server])
    .withWaitStrategy(Wait.forLogMessage(/policies are served/))
    .start();
  const address = await network.addressOf(container);
  for (const [domain] of entries) {
    await network.publish(`mta-sts.${domain}`, `_mta-sts.${domain}. IN TXT "v=STSv1; id=1"\n`);
    await network.addHost(`mta-sts.${domain}`, address);
  }
  return container;
}
