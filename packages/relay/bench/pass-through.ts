import { connect, createServer } from 'node:net';

/**
 * The cheapest SMTP proxy there is, `pass-through.ts PORT NEXT_PORT`: it hands every octet on and understands none. A
 * policy in its place could only cost more.
 */
const [port, next] = process.argv.slice(2).map(Number);
if (port === undefined || next === undefined) throw new RangeError('usage: pass-through.ts PORT NEXT_PORT');
createServer({ noDelay: true }, (client) => {
  const server = connect({ port: next, host: '127.0.0.1', noDelay: true });
  client.on('error', () => server.destroy());
  server.on('error', () => client.destroy());
  client.pipe(server).pipe(client);
}).listen(port, '127.0.0.1');
