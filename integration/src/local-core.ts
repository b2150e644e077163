import { spawn } from 'node:child_process';
import { StdioDeltaChat } from '@deltachat/jsonrpc-client';
import { getRPCServerPath } from '@deltachat/stdio-rpc-server';
import { askAgainWhenLocked } from './locked-database.ts';

/**
 * The real Delta Chat core as a program on this machine. Unlike the package's own starter it takes it well when the
 * core ends while a request for events is on its way, as there always is one.
 *
 * @param accounts a folder that does not exist yet.
 */
export function startLocalCore(accounts: string): StdioDeltaChat {
  const server = spawn(getRPCServerPath(), {
    env: { DC_ACCOUNTS_PATH: accounts },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  server.stdin.on('error', () => {});
  const core = askAgainWhenLocked(new StdioDeltaChat(server.stdin, server.stdout, true));
  const close = core.close.bind(core);
  core.close = () => {
    close();
    server.kill();
  };
  return core;
}
